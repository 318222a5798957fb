package otlp

import (
	"slices"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// decoder reads protobuf requests. A point of a series that is in the book
// becomes a sample straight from its bytes; all others go through the library
// and the translator, with the key under which the series is to be learnt.
//
// It is used for one request after the other and keeps its memory. The batch
// is good until the next request; it holds nothing of the request's bytes.
type decoder struct {
	rules rules
	page  *sli.Page // nil: nothing is known
	batch sli.Batch
	// accepted counts points that no SLO looks at.
	accepted int

	resource   resourceBytes
	translator *translator // nil until something has to be translated
	block      block       // the points that are next

	// Of the metric at hand, what was not known: data points as fields of
	// their message, and the key of each.
	rest []byte
	keys []sli.Key
	// message is scratch for what the library shall decode.
	message []byte
}

// resourceBytes is the resource at hand.
type resourceBytes struct {
	bytes []byte
	key   sli.Key
	// translated is the resource once a point of it had to be translated.
	translated *resource
}

// Fields that lead to metrics.
const (
	fieldResourceMetrics = 1<<3 | bytesWire // of the request
	fieldResource        = 1<<3 | bytesWire // of its resource metrics
	fieldScopeMetrics    = 2<<3 | bytesWire
	fieldOldScopeMetrics = oldScopes<<3 | bytesWire
	fieldMetrics         = 2<<3 | bytesWire // of its scope metrics
)

// decode returns the series and samples of a request, and a receipt of what
// could not be read and of what need not be. An error is that of the whole
// request: nothing of it may be counted.
func (d *decoder) decode(request []byte, page *sli.Page) (*sli.Batch, sli.Receipt, error) {
	d.page, d.accepted, d.translator = page, 0, nil
	d.batch = sli.Batch{Samples: d.batch.Samples[:0]}
	c := cursor{b: request}
	for c.next() {
		if c.tag == fieldResourceMetrics {
			c.note(d.resourceMetrics(c.bytes()))
		} else {
			c.pass(exportMetrics, 0)
		}
	}
	if c.err != nil {
		return nil, sli.Receipt{}, c.err
	}
	var receipt sli.Receipt
	if d.translator != nil {
		d.batch.Series, receipt = d.translator.batch.Series, d.translator.receipt
	}
	receipt.Accepted += d.accepted
	return &d.batch, receipt, nil
}

// resourceMetrics reads the resource before its metrics, wherever it stands.
func (d *decoder) resourceMetrics(b []byte) error {
	res, old, err := readResource(b)
	if err != nil {
		return err
	}
	if old {
		return d.translateResource(b)
	}
	d.resource = resourceBytes{bytes: res, key: sli.KeyOf(res, d.rules.salt)}
	c := cursor{b: b}
	for c.next() {
		if c.tag == fieldScopeMetrics {
			c.note(d.scopeMetrics(c.bytes()))
		} else {
			c.skip()
		}
	}
	return c.err
}

// readResource returns the resource of a message, and whether its metrics
// stand where they once stood. One that is sent in parts is the parts one
// after the other, as protobuf has it.
func readResource(b []byte) (res []byte, old bool, err error) {
	parts := 0
	c := cursor{b: b}
	for c.next() {
		switch c.tag {
		case fieldResource:
			part := c.bytes()
			c.note(check(part, resourceMessage, 0))
			switch parts++; parts {
			case 1:
				res = part
			case 2:
				res = append(slices.Clip(res), part...) // not into the request
			default:
				res = append(res, part...)
			}
		case fieldScopeMetrics:
			c.bytes()
		case fieldOldScopeMetrics:
			old = true
			c.bytes()
		default:
			c.pass(resourceMetrics, 0)
		}
	}
	return res, old, c.err
}

// scopeMetrics reads metrics. The scope itself is no part of a series' name.
func (d *decoder) scopeMetrics(b []byte) error {
	c := cursor{b: b}
	for c.next() {
		if c.tag == fieldMetrics {
			c.note(d.metric(c.bytes()))
		} else {
			c.pass(scopeMetrics, 0)
		}
	}
	return c.err
}
