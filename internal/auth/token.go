package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// tokenPrefix makes a token that was left somewhere easy to find.
const tokenPrefix = "slo_"

// Token is a bearer token that was just made: the one time that it is known.
type Token struct {
	// Text is what its bearer shows.
	Text string
	// Line is its entry in the tokens file, which does not hold Text.
	Line string
}

// NewToken makes a token of 256 random bits.
func NewToken(name string, roles Roles) Token {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	text := tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	words := make([]string, len(roles))
	for i, role := range roles {
		words[i] = string(role)
	}
	sum := sha256.Sum256([]byte(text))
	return Token{Text: text, Line: fmt.Sprintf("- {name: %q, roles: [%s], sha256: %q}", name, strings.Join(words, ", "), hex.EncodeToString(sum[:]))}
}

// token is one that is known.
type token struct {
	name  string
	roles Roles
	sum   [sha256.Size]byte
}

// findToken compares with all tokens, so that the time it takes says nothing.
func (k *known) findToken(text string) (found token, ok bool) {
	sum := sha256.Sum256([]byte(text))
	for _, t := range k.tokens {
		if subtle.ConstantTimeCompare(sum[:], t.sum[:]) == 1 {
			found, ok = t, true
		}
	}
	return found, ok
}

// tokensFile is the file of hashed tokens.
type tokensFile struct {
	Tokens []tokenEntry `yaml:"tokens"`
}

type tokenEntry struct {
	Name   string `yaml:"name" need:"who has it, such as ci"`
	Roles  Roles  `yaml:"roles" need:"a role, such as ingest"`
	SHA256 string `yaml:"sha256" need:"what slo-engine token prints"`
}

// readTokens reads a tokens file. Problems have paths within it.
func readTokens(path string) (tokens []token, problems strictyaml.Problems) {
	var file tokensFile
	document, problems := decodeFile(path, &file)
	if len(problems) > 0 {
		return nil, problems
	}
	for i, entry := range file.Tokens {
		t, problem := entry.token()
		if problem == nil && slices.ContainsFunc(tokens, func(other token) bool { return other.name == t.name }) {
			problem = &strictyaml.Problem{Path: "name", Message: fmt.Sprintf("%q is there twice", t.name), Fix: "give each token a name of its own"}
		}
		if problem != nil {
			problem.Path = strictyaml.Key(strictyaml.Index("tokens", i), problem.Path)
			problem.Line = document.LineOf(problem.Path)
			problems = append(problems, *problem)
		}
		tokens = append(tokens, t)
	}
	return tokens, problems
}

func (e tokenEntry) token() (token, *strictyaml.Problem) {
	t := token{name: e.Name, roles: e.Roles}
	sum, err := hex.DecodeString(e.SHA256)
	copy(t.sum[:], sum)
	switch {
	case e.Name == "":
		return t, &strictyaml.Problem{Path: "name", Message: "is empty", Fix: "write who has it, such as ci"}
	case reserved(e.Name):
		return t, reservedName("name", e.Name)
	case err != nil || len(sum) != sha256.Size:
		return t, &strictyaml.Problem{Path: "sha256", Message: "is not a SHA-256 in 64 hexadecimal digits",
			Fix: "write what slo-engine token prints; the token itself must not be here"}
	}
	return t, nil
}

// reserved names mean somebody else.
func reserved(name string) bool { return name == Local.Name || name == Anonymous }

func reservedName(path, name string) *strictyaml.Problem {
	return &strictyaml.Problem{Path: path, Message: fmt.Sprintf("%q is what the engine calls those without credentials", name), Fix: "choose another name"}
}
