package otlp

// maxJSONNesting is maxNesting in brackets: 16 lead to an attribute, and each
// value takes four, as in {"arrayValue":{"values":[{…}]}} .
const maxJSONNesting = 16 + 4*maxNesting

// checkJSONNesting counts the brackets that are open at once, outside of
// strings. Whether the text is JSON is left to the decoder.
func checkJSONNesting(request []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(request); i++ {
		switch c := request[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth > maxJSONNesting {
			return errNested
		}
	}
	return nil
}
