package lab

import "sync"

// maxOutput is how much of a server's output is kept, in bytes: the last part.
const maxOutput = 1 << 20

// output keeps the end of what a process wrote.
type output struct {
	mu   sync.Mutex
	text []byte
}

// Write adds p, and forgets the oldest half when there is too much.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	if len(o.text) > maxOutput {
		o.text = append([]byte(nil), o.text[len(o.text)-maxOutput/2:]...)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}
