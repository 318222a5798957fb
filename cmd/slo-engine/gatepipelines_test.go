package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/test/lab"
)

// decisions are what a service of the shop is told, and the exit code of that.
var decisions = []struct {
	like, decision string
	code           int
}{
	{"checkout", "allow", 0}, {"payments", "deny", 1}, {"stock", "unknown", 2}, {"search", "hold", 75},
}

// pipeline is one run of a pipeline's commands against an engine, in a folder of
// its own. In it, slo-engine is this test binary.
type pipeline struct {
	t    *testing.T
	gate *gateStub
	dir  string
	env  map[string]string
}

// newPipeline has the checkout stand like another service.
func newPipeline(t *testing.T, like string) *pipeline {
	g := newGateStub()
	g.stand("checkout", like)
	p := &pipeline{t: t, gate: g, dir: t.TempDir(), env: map[string]string{"SLO_ENGINE_URL": g.serve(t), "PATH": os.Getenv("PATH")}}
	p.write("deploy.sh", "#!/bin/sh\necho \"$@\" >>shipped\n", 0o755)
	return p
}

func (p *pipeline) write(name, text string, mode os.FileMode) string {
	p.t.Helper()
	file := filepath.Join(p.dir, name)
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		p.t.Fatal(err)
	}
	return file
}

func (p *pipeline) read(name string) string {
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Fatal(err)
	}
	return string(text)
}

// run runs a command, and returns its exit code and what it wrote.
func (p *pipeline) run(args ...string) (code int, out string) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), args[0], args[1:]...)
	cmd.Dir = p.dir
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var written bytes.Buffer
	cmd.Stdout, cmd.Stderr = &written, &written
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		p.t.Fatalf("run %s: %v", args, err)
	}
	return cmd.ProcessState.ExitCode(), written.String()
}

// marked says what was marked: one deploy of this version, with this id.
func (p *pipeline) marked(id string) {
	p.t.Helper()
	list, _ := p.gate.Deploys(context.Background(), "checkout")
	if len(list) != 1 || list[0].ID != id || list[0].Service != "checkout" || list[0].Version != "1.5.0" || list[0].Environment != "prod" {
		p.t.Errorf("marked %+v, want %s", list, id)
	}
}

// askedFor says that the questions since the last time were the ones that are meant.
func (p *pipeline) askedFor(service, version, environment string) {
	p.t.Helper()
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if len(p.gate.asked) == 0 {
		p.t.Fatal("nothing was asked")
	}
	for _, r := range p.gate.asked {
		if r.Service != service || r.Version != version || r.Environment != environment {
			p.t.Errorf("asked for %s %s in %s", r.Service, r.Version, r.Environment)
		}
	}
	p.gate.asked = nil
}

// each runs f once for each decision.
func each(t *testing.T, f func(t *testing.T, p *pipeline, decision string, code int)) {
	for _, d := range decisions {
		t.Run(d.decision, func(t *testing.T) { f(t, newPipeline(t, d.like), d.decision, d.code) })
	}
}

func pipelineFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "pipelines", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// impatient is a script that does not wait as long as the one of the example.
func impatient(t *testing.T, script string) string {
	t.Helper()
	quick := regexp.MustCompile(`--wait[ =]1[05]m`).ReplaceAllString(script, "--wait 1ms")
	if quick == script {
		t.Fatalf("it does not wait: %s", script)
	}
	return quick
}

// strictly reads the documents of a file: a field that is not known is an error.
func strictly(t *testing.T, text string, into ...any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	for i, to := range into {
		if err := d.Decode(to); err != nil {
			t.Fatalf("document %d: %v", i+1, err)
		}
	}
}

func TestShellPipeline(t *testing.T) {
	jq := filepath.Dir(lab.Binary(t, "jq"))
	script, err := filepath.Abs(filepath.Join("..", "..", "examples", "pipelines", "gate.sh"))
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, p *pipeline, decision string, code int) {
		p.env["PATH"] = jq + string(filepath.ListSeparator) + p.env["PATH"]
		p.env["SLO_ENGINE_TOKEN"] = "secret"
		got, out := p.run(script, "checkout", "prod", "1.5.0+build 7&kind=rollback")
		if got != code || !strings.HasPrefix(out, decision+"\n  ") {
			t.Errorf("exit code %d, want %d: %s", got, code, out)
		}
		p.askedFor("checkout", "1.5.0+build 7&kind=rollback", "prod")
		for want, args := range map[int][]string{64: {script}, 2: {"env", "SLO_ENGINE_URL=http://127.0.0.1:1", script, "checkout"}} {
			if got, out := p.run(args...); got != want {
				t.Errorf("%s: exit code %d, want %d: %s", args, got, want, out)
			}
		}
		if got, out := p.run(script, "checkout", strings.Repeat("x", 1000)); got != 64 || !strings.Contains(out, "environment") {
			t.Errorf("exit code %d: %s", got, out)
		}
	})
}

// githubJob is a job, as far as the example needs it.
type githubJob struct {
	Needs          string
	If             string
	RunsOn         []string `yaml:"runs-on"`
	Environment    string
	TimeoutMinutes int `yaml:"timeout-minutes"`
	Outputs        map[string]string
	Steps          []struct {
		Name, ID, Uses, If, Run string
		Env                     map[string]string
	}
}

type githubWorkflow struct {
	Name        string
	On          struct{ Push struct{ Tags []string } }
	Permissions map[string]string
	Concurrency string
	Env         map[string]string
	Jobs        struct{ Gate, Deploy githubJob }
}

// expressions are what GitHub puts in the place of ${{ }}.
var expressions = strings.NewReplacer("${{ github.ref_name }}", "1.5.0", "${{ github.run_id }}", "77")

func TestGitHubActions(t *testing.T) {
	var w githubWorkflow
	strictly(t, pipelineFile(t, "github-actions.yaml"), &w)
	gate, deploy := w.Jobs.Gate, w.Jobs.Deploy
	if gate.Outputs["decision"] != "${{ steps.gate.outputs.decision }}" || gate.Steps[0].ID != "gate" ||
		deploy.Needs != "gate" || deploy.If != "needs.gate.outputs.decision == 'allow'" {
		t.Errorf("the deploy does not hang on the decision: %+v", w.Jobs)
	}
	each(t, func(t *testing.T, p *pipeline, decision string, code int) {
		for _, env := range []map[string]string{w.Env, gate.Steps[0].Env} {
			p.set(env)
		}
		p.env["GITHUB_ACTIONS"] = "true"
		p.env["GITHUB_OUTPUT"], p.env["GITHUB_STEP_SUMMARY"] = p.write("output", "before=1\n", 0o644), p.write("summary", "", 0o644)
		if got, out := p.run("bash", "-e", "-c", impatient(t, gate.Steps[0].Run)); got != code {
			t.Errorf("exit code %d, want %d: %s", got, code, out)
		}
		p.askedFor("checkout", "", "prod")
		want := regexp.MustCompile(`^before=1\ndecision=` + decision + `\nexplanation=http://127\.0\.0\.1:\d+/api/v1/gate/verdicts/v-checkout-\S+\nverdict=v-checkout-\S+\n$`)
		if got := p.read("output"); !want.MatchString(got) {
			t.Errorf("the outputs are %q", got)
		}
		if got := p.read("summary"); !strings.HasPrefix(got, "### Release gate: "+decision+": checkout in prod ") || !strings.Contains(got, "\n- ") {
			t.Errorf("the summary is %q", got)
		}
		p.canary(deploy, code)
	})
}

// canary runs the job that ships, all steps of which but the last are done unless
// the gate stops them.
func (p *pipeline) canary(job githubJob, code int) {
	p.t.Helper()
	last := len(job.Steps) - 1
	for _, step := range job.Steps[1:last] {
		p.set(step.Env)
		script, want := step.Run, 0
		if strings.Contains(script, "--wait") {
			script, want = impatient(p.t, script), code
		}
		if got, out := p.run("bash", "-e", "-c", script); got != want {
			p.t.Errorf("%s: exit code %d, want %d: %s", step.Name, got, want, out)
		}
		if want != 0 {
			break
		}
	}
	p.askedFor("checkout", "1.5.0", "prod")
	p.marked("github-77")
	if shipped := p.read("shipped"); (shipped == "canary 1.5.0\nall 1.5.0\n") != (code == 0) {
		p.t.Errorf("it shipped %q", shipped)
	}
	if job.Steps[last].If != "failure()" || job.Steps[last].Run != `./deploy.sh back "$VERSION"` {
		p.t.Errorf("nothing is taken back: %+v", job.Steps[last])
	}
}

// set takes the variables of a workflow but where the engine is.
func (p *pipeline) set(env map[string]string) {
	p.t.Helper()
	for name, value := range env {
		value = expressions.Replace(value)
		if strings.Contains(value, "${{") {
			p.t.Fatalf("nobody knows what %s is", value)
		}
		if name != "SLO_ENGINE_URL" {
			p.env[name] = value
		}
	}
}

// tektonTask is a Task, as far as the example needs it.
type tektonTask struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   map[string]string
	Spec       struct {
		Description string
		Params      []struct{ Name, Description, Default string }
		Results     []struct{ Name, Description string }
		Steps       []struct {
			Name, Image, Script string
			Env                 []struct{ Name, Value string }
		}
	}
}

type tektonPipeline struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   map[string]string
	Spec       struct {
		Params []struct{ Name string }
		Tasks  []struct {
			Name     string
			RunAfter []string              `yaml:"runAfter"`
			TaskRef  struct{ Name string } `yaml:"taskRef"`
			Params   []struct{ Name, Value string }
			When     []struct {
				Input, Operator string
				Values          []string
			}
		}
	}
}

func TestTekton(t *testing.T) {
	var gate, mark tektonTask
	var release tektonPipeline
	strictly(t, pipelineFile(t, "tekton.yaml"), &gate, &mark, &release)
	tasks := release.Spec.Tasks
	if tasks[0].TaskRef.Name != gate.Metadata["name"] || tasks[2].TaskRef.Name != mark.Metadata["name"] || tasks[2].RunAfter[0] != tasks[1].Name {
		t.Errorf("the pipeline does not run the tasks: %+v", tasks)
	}
	when := tasks[1].When[0]
	if when.Input != "$(tasks.gate.results."+gate.Spec.Results[0].Name+")" || when.Operator != "in" || fmt.Sprint(when.Values) != "[allow]" {
		t.Errorf("it ships %+v", when)
	}
	each(t, func(t *testing.T, p *pipeline, decision string, _ int) {
		values := map[string]string{
			"params.service": "checkout", "params.version": "1.5.0", "params.environment": "prod", "params.wait": "1ms", "params.url": p.env["SLO_ENGINE_URL"],
			"results.decision.path": filepath.Join(p.dir, "decision"), "context.taskRun.uid": "u-1",
		}
		// Whatever was answered, the task succeeds, and its result says what.
		if got, out := p.step(gate, values); got != 0 || p.read("decision") != decision {
			t.Errorf("exit code %d, %q: %s", got, p.read("decision"), out)
		}
		p.askedFor("checkout", "1.5.0", "prod")
		if got, out := p.step(mark, values); got != 0 {
			t.Errorf("exit code %d: %s", got, out)
		}
		p.marked("tekton-u-1")
		values["params.wait"] = "soon"
		if got, out := p.step(gate, values); got != 64 {
			t.Errorf("a task that is called wrongly ends with %d: %s", got, out)
		}
	})
}

// step runs the only step of a task, as Tekton does: the script is a file.
func (p *pipeline) step(task tektonTask, values map[string]string) (int, string) {
	p.t.Helper()
	fill := func(text string) string {
		return regexp.MustCompile(`\$\(([a-zA-Z.]+)\)`).ReplaceAllStringFunc(text, func(name string) string {
			value, ok := values[name[2:len(name)-1]]
			if !ok {
				p.t.Fatalf("nobody knows what %s is", name)
			}
			return value
		})
	}
	for _, param := range task.Spec.Params {
		if _, ok := values["params."+param.Name]; !ok {
			p.t.Errorf("parameter %s is not set", param.Name)
		}
	}
	only := task.Spec.Steps[0]
	for _, e := range only.Env {
		p.env[e.Name] = fill(e.Value)
	}
	return p.run(p.write("script-"+only.Name, fill(only.Script), 0o755))
}

func TestJenkins(t *testing.T) {
	text := pipelineFile(t, "Jenkinsfile")
	gate := regexp.MustCompile(`(?s)sh\(returnStatus: true, script: '''(.*?)'''\)`).FindStringSubmatch(text)
	steps := regexp.MustCompile(`(?m)^\s+sh '(.*)'$`).FindAllStringSubmatch(text, -1)
	if gate == nil || len(steps) != 2 {
		t.Fatalf("there are %d steps and a question: %q", len(steps), gate)
	}
	for code, line := range map[int]string{0: `case 0:  break`, 1: `case 1:  error\('.* deny'\)`, 75: `case 75: error\('.* hold: .*'\)`, 2: `default: error\(".*"\)`} {
		if !regexp.MustCompile(line).MatchString(text) {
			t.Errorf("it does not say what comes of %d", code)
		}
	}
	each(t, func(t *testing.T, p *pipeline, _ string, code int) {
		for name, value := range map[string]string{"SERVICE": "checkout", "VERSION": "1.5.0", "BUILD_TAG": "release-7"} {
			p.env[name] = value
		}
		if got, out := p.run("sh", "-xe", p.write("script.sh", impatient(t, gate[1]), 0o644)); got != code {
			t.Errorf("exit code %d, want %d: %s", got, code, out)
		}
		p.askedFor("checkout", "", "prod")
		for _, step := range steps {
			if got, out := p.run("sh", "-xe", p.write("script.sh", step[1], 0o644)); got != 0 {
				t.Errorf("exit code %d: %s", got, out)
			}
		}
		if p.read("shipped") != "1.5.0\n" {
			t.Errorf("%q was shipped", p.read("shipped"))
		}
		p.marked("jenkins-release-7")
	})
}

// kubernetesJob is a Job, as far as the hooks need it.
type kubernetesJob struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name        string
		Annotations map[string]string
	}
	Spec struct {
		BackoffLimit          int `yaml:"backoffLimit"`
		ActiveDeadlineSeconds int `yaml:"activeDeadlineSeconds"`
		Template              struct {
			Spec struct {
				RestartPolicy                string `yaml:"restartPolicy"`
				AutomountServiceAccountToken *bool  `yaml:"automountServiceAccountToken"`
				Containers                   []struct {
					Name, Image     string
					Command         []string
					Env             []struct{ Name, Value string }
					SecurityContext map[string]any `yaml:"securityContext"`
				}
			}
		}
	}
}

func TestArgoCD(t *testing.T) {
	var gate, mark, alone kubernetesJob
	strictly(t, pipelineFile(t, "argocd.yaml"), &gate, &mark)
	strictly(t, pipelineFile(t, filepath.Join("..", "..", "deploy", "argocd", "presync-gate.yaml")), &alone)
	for job, hook := range map[*kubernetesJob]string{&gate: "PreSync", &mark: "PostSync", &alone: "PreSync"} {
		if job.Metadata.Annotations["argocd.argoproj.io/hook"] != hook || job.Spec.Template.Spec.RestartPolicy != "Never" {
			t.Errorf("%s is no %s hook: %+v", job.Metadata.Name, hook, job)
		}
	}
	each(t, func(t *testing.T, p *pipeline, decision string, code int) {
		if decision == "unknown" {
			code = 0 // the policy says so
		}
		for _, job := range []*kubernetesJob{&gate, &alone} {
			if job.Spec.BackoffLimit != 0 || job.Spec.ActiveDeadlineSeconds <= 600 {
				t.Errorf("it waits in vain: %+v", job.Spec)
			}
			if got, out := p.container(*job); got != code {
				t.Errorf("exit code %d, want %d: %s", got, code, out)
			}
			p.askedFor("checkout", "", "prod")
		}
		if got, out := p.container(mark); got != 0 {
			t.Errorf("exit code %d: %s", got, out)
		}
		p.marked("argocd-checkout-1.5.0")
	})
}

// container runs the command of a job's only container, with its variables filled
// in as Kubernetes does.
func (p *pipeline) container(job kubernetesJob) (int, string) {
	p.t.Helper()
	only := job.Spec.Template.Spec.Containers[0]
	var fill []string
	for _, e := range only.Env {
		if e.Name != "SLO_ENGINE_URL" {
			fill = append(fill, "$("+e.Name+")", e.Value)
		}
	}
	args := make([]string, len(only.Command))
	for i, arg := range only.Command {
		args[i] = strings.NewReplacer(append(fill, "--wait=10m", "--wait=1ms")...).Replace(arg)
	}
	return p.run(args...)
}
