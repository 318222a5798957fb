package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	promconfig "github.com/prometheus/common/config"
	"golang.org/x/crypto/bcrypt"
)

// Comparing a password takes tens of milliseconds of a processor on purpose.
// That must not become a way to take the engine's time: one is compared at once,
// few wait, and none for long.
const (
	maxWaiting = 32
	maxWait    = 5 * time.Second
	// maxRemembered bounds the answers that are kept, of each kind.
	maxRemembered = 1000
)

var errBusy = errors.New("too many passwords are being compared")

// passwords compares them with their hashes.
type passwords struct {
	secret  [sha256.Size]byte
	waiting chan struct{}
	turn    chan struct{}
	compare func(hash, password []byte) error

	mu sync.Mutex
	// Answers by what was asked. The wrong ones are kept apart: a flood of
	// them must not drive out the right ones.
	right, wrong map[question]struct{}
}

// question is a keyed hash of user, hash and password: no password is kept.
type question [sha256.Size]byte

func newPasswords() *passwords {
	p := &passwords{
		waiting: make(chan struct{}, maxWaiting), turn: make(chan struct{}, 1), compare: bcrypt.CompareHashAndPassword,
		right: map[question]struct{}{}, wrong: map[question]struct{}{},
	}
	_, _ = rand.Read(p.secret[:]) // never fails
	return p
}

// check reports whether the password is that of a user. Of one that is not
// there it takes as long to say so. The error is errBusy.
func (p *passwords) check(ctx context.Context, k *known, user, password string) (bool, error) {
	hash, exists := k.web.config.Users[user]
	if !exists {
		if hash = k.decoy(); hash == "" {
			return false, nil
		}
	}
	q := p.question(user, string(hash), password)
	if right, ok := p.answer(q); ok {
		return right && exists, nil
	}
	leave, err := p.queue(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	right, ok := p.answer(q) // perhaps while this one waited
	if !ok {
		right = p.compare([]byte(hash), []byte(password)) == nil
		p.remember(q, right)
	}
	return right && exists, nil
}

// queue waits for its turn.
func (p *passwords) queue(ctx context.Context) (leave func(), err error) {
	select {
	case p.waiting <- struct{}{}:
	default:
		return nil, errBusy
	}
	defer func() { <-p.waiting }()
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		return func() { <-p.turn }, nil
	case <-ctx.Done():
		return nil, errBusy
	}
}

func (p *passwords) question(parts ...string) (q question) {
	h := hmac.New(sha256.New, p.secret[:])
	for _, part := range parts {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	h.Sum(q[:0])
	return q
}

func (p *passwords) answer(q question) (right, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, right = p.right[q]
	_, wrong := p.wrong[q]
	return right, right || wrong
}

func (p *passwords) remember(q question, right bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	answers := p.wrong
	if right {
		answers = p.right
	}
	for old := range answers {
		if len(answers) < maxRemembered {
			break
		}
		delete(answers, old)
	}
	answers[q] = struct{}{}
}

// decoy is the hash that the password of an unknown user is compared with: one
// of those there are, so that it takes as long as theirs.
func (k *known) decoy() promconfig.Secret {
	for _, name := range slices.Sorted(maps.Keys(k.web.config.Users)) {
		return k.web.config.Users[name]
	}
	return ""
}
