package app

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

// excluding is a document that excludes the hour before a time.
func excluding(name, until string) string {
	return "\n---\napiVersion: slo-engine.dev/v1\nkind: BudgetAdjustment\nmetadata: {name: " + name + "}\n" +
		"spec: {select: ['service=\"shop\"'], reason: failover, from: 2026-03-01T01:00:00Z, to: " + until + "}\n"
}

const two, three = "2026-03-01T02:00:00Z", "2026-03-01T03:00:00Z"

// answered decodes what the engine answers at a path, once it evaluates.
func answered[T any](t *testing.T, a *App, path string) (document T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		code, body := get(t, "http://"+a.Addr()+path)
		if code == 200 {
			if err := json.Unmarshal([]byte(body), &document); err != nil {
				t.Fatal(err)
			}
			return document
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %d %s", path, code, body)
		}
	}
}

// audited lists what the audit holds, the oldest first: "kind name before → after".
func audited(t *testing.T, a *App) (list []string) {
	t.Helper()
	for _, r := range answered[apitypes.AuditList](t, a, "/api/v1/audit").Records {
		by := r.By
		if strings.HasPrefix(by, "file: ") {
			by = "file: " + filepath.Base(by)
		}
		list = append([]string{strings.Join([]string{r.Kind, r.Subject, by, r.Before, "→", r.After, strings.Join(r.SLOs, ",")}, " ")}, list...)
	}
	return list
}

// holding lists the adjustments in force.
func holding(t *testing.T, a *App) (list []string) {
	t.Helper()
	for _, one := range answered[apitypes.AdjustmentList](t, a, "/api/v1/adjustments").Adjustments {
		list = append(list, one.Name+" "+one.Schedule)
	}
	return list
}

func expect(t *testing.T, what string, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const (
	toTwo   = `2026-03-01T01:00:00Z to 2026-03-01T02:00:00Z, of {service="shop"}: failover`
	toThree = `2026-03-01T01:00:00Z to 2026-03-01T03:00:00Z, of {service="shop"}: failover`
)

func TestChangesOfAdjustmentsAreAudited(t *testing.T) {
	file := folder(t, sound+excluding("a", two), "")
	slos := filepath.Join(filepath.Dir(file), "slos.yaml")
	a, err := New(Options{ConfigFile: file})
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, a)
	expect(t, "in force", holding(t, a), []string{"a 2026-03-01T01:00:00Z to 2026-03-01T02:00:00Z"})
	for _, documents := range []string{sound + excluding("a", two), sound + excluding("a", three) + excluding("b", two), sound + excluding("b", two)} {
		write(t, slos, documents)
		if err := a.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"adjustment_applied a file: slos.yaml:12  → " + toTwo + " shop:availability",
		"adjustment_changed a file: slos.yaml:12 " + toTwo + " → " + toThree + " shop:availability",
		"adjustment_applied b file: slos.yaml:18  → " + toTwo + " shop:availability",
		"adjustment_removed a file: slos.yaml:12 " + toThree + " →  shop:availability",
	}
	expect(t, "audit", audited(t, a), want)
	stop()

	// What is edited while the engine is down.
	write(t, slos, sound+excluding("c", two))
	if a, err = New(Options{ConfigFile: file}); err != nil {
		t.Fatal(err)
	}
	run(t, a)
	want = append(want,
		"adjustment_applied c file: slos.yaml:12  → "+toTwo+" shop:availability",
		"adjustment_removed b file: slos.yaml:18 "+toTwo+" →  shop:availability")
	expect(t, "audit after a restart", audited(t, a), want)
}

// What cannot be audited does not apply.
func TestAReloadThatCannotBeAuditedIsRefused(t *testing.T) {
	file := folder(t, sound+excluding("a", two), "")
	slos := filepath.Join(filepath.Dir(file), "slos.yaml")
	disk := faulty.New()
	if err := disk.MkdirAll(filepath.Join(filepath.Dir(file), "data")); err != nil {
		t.Fatal(err)
	}
	a, err := New(Options{ConfigFile: file, files: disk})
	if err != nil {
		t.Fatal(err)
	}
	run(t, a)
	before, was := holding(t, a), audited(t, a)
	disk.Inject(faulty.Fault{Kinds: []faulty.Kind{faulty.Write, faulty.Create}, Lasting: true, Err: syscall.ENOSPC})
	write(t, slos, sound+excluding("a", three))
	if err := a.Reload(); err == nil || !strings.Contains(err.Error(), "cannot be audited") || !strings.Contains(err.Error(), "audit.jsonl") {
		t.Errorf("reload: %v", err)
	}
	expect(t, "in force", holding(t, a), before)
	expect(t, "audit", audited(t, a), was)
	write(t, slos, sound+excluding("a", two)+"# nothing to audit\n")
	if err := a.Reload(); err != nil {
		t.Errorf("a reload that changes none: %v", err)
	}
	disk.Heal()
	write(t, slos, sound+excluding("a", three))
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	expect(t, "audit when the disk is well", audited(t, a)[1:], []string{"adjustment_changed a file: slos.yaml:12 " + toTwo + " → " + toThree + " shop:availability"})
	if len(answered[apitypes.SLOList](t, a, "/api/v1/slos").SLOs) != 1 {
		t.Error("the SLO is gone")
	}
}

// A disk that fails at the start keeps new exclusions away, and nothing else.
func TestAStartThatCannotBeAudited(t *testing.T) {
	file := folder(t, sound+excluding("a", two), "")
	slos := filepath.Join(filepath.Dir(file), "slos.yaml")
	disk := faulty.New()
	if err := disk.MkdirAll(filepath.Join(filepath.Dir(file), "data")); err != nil {
		t.Fatal(err)
	}
	a, err := New(Options{ConfigFile: file, files: disk})
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, a)
	expect(t, "in force", holding(t, a), []string{"a 2026-03-01T01:00:00Z to 2026-03-01T02:00:00Z"})
	stop()

	disk.Inject(faulty.Fault{Kinds: []faulty.Kind{faulty.Write, faulty.Create}, Lasting: true, Err: syscall.ENOSPC})
	write(t, slos, sound+excluding("a", two)+excluding("b", two))
	if a, err = New(Options{ConfigFile: file, files: disk}); err != nil {
		t.Fatal(err)
	}
	run(t, a)
	expect(t, "in force", holding(t, a), []string{"a 2026-03-01T01:00:00Z to 2026-03-01T02:00:00Z"})
	if _, page := get(t, "http://"+a.Addr()+"/api/v1/slos?state=error"); !strings.Contains(page, "cannot be audited") {
		t.Errorf("nobody is told: %s", page)
	}
	disk.Heal()
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	if held := holding(t, a); len(held) != 2 {
		t.Errorf("in force: %v", held)
	}
}

// A reload that is refused after it was written down is taken back there too.
func TestARefusedReloadIsTakenBack(t *testing.T) {
	file := folder(t, sound, "alerting: {alertmanager_config: alertmanager.yml}\n")
	dir := filepath.Dir(file)
	const alertmanager = "route: {receiver: none}\nreceivers: [{name: none}]\n"
	write(t, filepath.Join(dir, "alertmanager.yml"), alertmanager)
	a, err := New(Options{ConfigFile: file})
	if err != nil {
		t.Fatal(err)
	}
	run(t, a)
	write(t, filepath.Join(dir, "alertmanager.yml"), "route: {receiver: nobody}\n")
	write(t, filepath.Join(dir, "slos.yaml"), sound+excluding("a", two))
	if a.Reload() == nil {
		t.Error("a faulty alertmanager.yml was taken")
	}
	expect(t, "in force", holding(t, a), nil)
	expect(t, "audit", audited(t, a), []string{
		"adjustment_applied a file: slos.yaml:12  → " + toTwo + " shop:availability",
		"adjustment_removed a engine: the reload was refused " + toTwo + " →  shop:availability",
	})
}
