package remotewrite

import (
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// reshape writes a message in another way that means the same: fields in
// another order (of each kind among themselves they stay in order), fields
// that nobody knows, lengths of more bytes than they need.
func reshape(v version, message []byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	series := protowire.Number(1)
	if v == version2 {
		series = 5
	}
	return shuffle(r, message, func(n protowire.Number, content []byte) []byte {
		if n != series {
			return content
		}
		return shuffle(r, content, func(n protowire.Number, content []byte) []byte {
			if n == 2 && r.IntN(4) == 0 { // samples
				return shuffle(r, content, nil)
			}
			return content
		})
	})
}

type wireField struct {
	number  protowire.Number
	raw     []byte
	content []byte
}

func shuffle(r *rand.Rand, b []byte, inner func(protowire.Number, []byte) []byte) []byte {
	var fields []wireField
	err := eachField(b, func(n protowire.Number, field, content []byte) {
		fields = append(fields, wireField{n, field, content})
	})
	if err != nil {
		return b
	}
	if r.IntN(2) == 0 {
		mix(r, fields)
	}
	var out []byte
	for _, f := range fields {
		if r.IntN(20) == 0 {
			out = append(out, stranger(r)...)
		}
		if f.content == nil || inner == nil {
			out = append(out, f.raw...)
			continue
		}
		content := inner(f.number, f.content)
		out = protowire.AppendTag(out, f.number, protowire.BytesType)
		out = append(wide(r, out, uint64(len(content))), content...)
	}
	return out
}

// mix changes the order of fields, but not among those of one number.
func mix(r *rand.Rand, fields []wireField) {
	order := r.Perm(len(fields))
	mixed := make([]wireField, len(fields))
	for i, j := range order {
		mixed[i] = fields[j]
	}
	next := map[protowire.Number]int{}
	for i, m := range mixed {
		at := next[m.number] + slices.IndexFunc(fields[next[m.number]:], func(f wireField) bool { return f.number == m.number })
		mixed[i], next[m.number] = fields[at], at+1
	}
	copy(fields, mixed)
}

// stranger is a field of a later version of the protocol.
func stranger(r *rand.Rand) []byte {
	number := protowire.Number(100 + r.IntN(3000))
	switch r.IntN(4) {
	case 0:
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), r.Uint64())
	case 1:
		return protowire.AppendFixed32(protowire.AppendTag(nil, number, protowire.Fixed32Type), r.Uint32())
	case 2:
		return protowire.AppendTag(protowire.AppendTag(nil, number, protowire.StartGroupType), number, protowire.EndGroupType)
	}
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), "news")
}

// wide appends a number, now and then with a byte that adds nothing.
func wide(r *rand.Rand, b []byte, v uint64) []byte {
	b = protowire.AppendVarint(b, v)
	if r.IntN(30) == 0 && v < 1<<50 {
		b[len(b)-1] |= 0x80
		b = append(b, 0)
	}
	return b
}
