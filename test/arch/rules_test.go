package arch

// everything is the pattern that each package of this module matches.
const everything = "..."

// A row says what one package, or with "/..." all below it too, may import
// from this module. The most exact row holds. A package may always import
// what lies in its own folder's subfolders.
type row struct {
	from string
	may  []edge
}

// An edge is one permitted import and the reason for it.
type edge struct{ to, why string }

// rows is the picture of the architecture: data walks down, arrows point down.
var rows = []row{
	{"cmd/...", []edge{
		{"internal/app", "serve starts the engine"},
		{"internal/config", "validate reads what serve would read"},
		{"internal/sli", "validate says how each SLO is compiled"},
		{"internal/engine", "validate prints the tiers an SLO ends up with"},
		{"internal/demo", "demo starts the shop beside the engine"},
		{"internal/scenario", "test plays scenarios"},
		{"internal/formats", "SLOs in any format"},
		{"internal/convert", "convert writes other formats"},
		{"internal/rules/...", "rules writes Prometheus rules"},
		{"internal/api/client", "status asks a running engine"},
		{"internal/api/apitypes", "status prints what the client returns"},
		{"internal/auth", "token makes tokens as they are checked"},
		{"pkg/...", "the vocabulary"},
	}},
	{"internal/app", []edge{{everything, "the one package that wires all others"}}},
	{"internal/config", []edge{
		{"pkg/...", "documents become specs and policies"},
		{"internal/sli", "an SLO is compiled to be checked"},
		{"internal/ingest", "the limits of the receivers are configured"},
		{"internal/store/history", "remote_write is read as Prometheus reads it"},
		{"internal/ingest/scrape", "scrape_configs are read as Prometheus reads them"},
		{"internal/auth", "the files that say who may do what are checked with it"},
		{"internal/syncwindow", "windows are checked by who keeps them"},
		{"internal/scaler", "scalers are checked by who counts them"},
		{"internal/promql", "their queries are checked"},
	}},
	{"internal/gates", []edge{
		{"internal/engine", "snapshots are the evidence"},
		{"pkg/...", "the decision, and the vocabulary"},
	}},
	{"internal/syncwindow", []edge{
		{"pkg/gate", "it asks a gate"},
		{"pkg/slo", "decisions"},
	}},
	{"internal/scaler", []edge{
		{"internal/engine", "burn comes from the newest snapshot"},
		{"internal/api/apitypes", "its document is one of the API's"},
		{"pkg/slo/...", "settings are read strictly"},
	}},
	{"internal/scaler/...", []edge{
		{"internal/scaler/...", "one number, several contracts"},
		{"internal/auth", "who asks on KEDA's port"},
		{"pkg/slo/strictyaml", "a program for tests reads its settings as the engine does"},
	}},
	{"internal/auth", []edge{
		{"pkg/slo/strictyaml", "its files are read strictly"},
		{"internal/api/apitypes", "a refusal is a problem document"},
	}},
	{"internal/api", []edge{
		{"internal/engine", "snapshots are all that a handler reads"},
		{"internal/audit", "who changed what"},
		{"internal/auth", "who asks, and which role a path needs"},
		{"internal/remediation", "actions are shown, and people have a say in them"},
		{"internal/actuator", "plans are shown as they are"},
		{"internal/gates", "verdicts are asked for and explained"},
		{"pkg/...", "the vocabulary"},
	}},
	{"internal/api/apitypes", nil},
	{"internal/api/apitest", []edge{ // for tests
		{"internal/remediation", "a Runner, as people ask it"},
		{"internal/store/state/statetest", "a store in memory"},
		{"internal/actuator", "a gateway of two members"},
		{"internal/gates", "gates that say what a test wants"},
		{"pkg/gate", "verdicts"},
		{"pkg/slo", "playbooks"},
	}},
	{"internal/auth/authtest", nil}, // makes certificates and hashes for tests
	{"internal/api/client", []edge{{"internal/api/apitypes", "it decodes what the server encodes"}}},
	{"internal/demo", nil}, // a black-box client: what it can do, a user can do
	{"internal/engine", []edge{
		{"pkg/...", "ledgers and alert states are what a core owns"},
		{"internal/sli", "a core binds series and counts events"},
		{"internal/wire", "what it keeps on disk"},
	}},
	{"internal/formats", []edge{{"pkg/slo/...", "every format there is"}}},
	{"internal/convert", []edge{
		{"pkg/slo/...", "the formats that it writes"},
		{"internal/rules/...", "SLIs as the queries that a format wants"},
	}},
	{"internal/rules", []edge{
		{"pkg/slo", "the vocabulary"},
		{"internal/promql", "queries are taken apart and put together"},
	}},
	{"internal/rules/...", []edge{
		{"internal/rules", "groups of rules, and SLIs as queries"},
		{"internal/promql", "queries are taken apart and put together"},
		{"pkg/slo/...", "the vocabulary, and what a dialect's own format can say"},
		{"pkg/alerts", "the tiers"},
		{"pkg/budget", "the windows of the tiers"},
	}},
	{"internal/promql", nil},
	{"internal/scenario", []edge{
		{"internal/engine", "a scenario is played to a core"},
		{"internal/formats", "SLOs in any format"},
		{"internal/sli", "its traffic is batches"},
		{"pkg/...", "the vocabulary"},
	}},
	{"internal/sli", []edge{
		{"pkg/...", "specs in, counts out"},
		{"internal/wire", "what it keeps on disk"},
		{"internal/promql", "selectors are read as in rules"},
	}},
	{"internal/wire", nil},
	{"internal/actuator", nil},
	{"internal/actuator/...", []edge{
		{"internal/actuator/...", "one interface, several gateways"},
		{"internal/hook", "calls to others are made in one way"},
	}},
	{"internal/actuator/sampling", []edge{
		{"internal/actuator", "it is one"},
		{"internal/sampling", "the gateway that it changes is the engine's own"},
	}},
	{"internal/gateways", []edge{
		{"internal/actuator/...", "the one package that knows all gateways"},
		{"internal/remediation", "it opens them for the runner"},
		{"pkg/slo/...", "settings stand in playbooks"},
	}},
	{"internal/hook", nil},
	{"internal/sampling", []edge{
		{"internal/remediation", "what burns, and where an action is at work"},
		{"pkg/alerts", "which alerts are burns"},
	}},
	{"internal/remediation", []edge{
		{"internal/actuator", "what it asks of gateways"},
		{"pkg/...", "the vocabulary"},
	}},
	{"internal/store/state/...", []edge{
		{"internal/remediation", "it is its Store"},
		{"internal/actuator", "records hold plans and values"},
		{"internal/gates", "it is its Store, too"},
		{"pkg/gate", "verdicts, glasses and deploys are kept"},
		{"pkg/slo", "decisions"},
	}},
	{"internal/store/journal", []edge{{"internal/store/files", "the log is written through a file layer that tests can break"}}},
	{"internal/store/files", nil},
	{"internal/store/history", nil},
	{"internal/api/prom", []edge{
		{"internal/engine", "rules come from the newest snapshot"},
		{"pkg/...", "the vocabulary"},
	}},
	{"internal/audit", []edge{{"internal/store/files", "its file is written through a layer that tests can break"}}},
	{"internal/store/files/faulty", []edge{{"internal/store/files", "it is one"}}},
	{"internal/ingest", []edge{{"internal/sli", "decoded batches"}}},
	{"internal/ingest/...", []edge{
		{"internal/ingest", "the sink and the limits that receivers share"},
		{"internal/sli", "decoded batches"},
	}},
	{"internal/ingest/otlp", []edge{
		{"internal/ingest", "the sink and the limits that receivers share"},
		{"internal/sli", "decoded batches"},
		{"internal/auth", "who sends"},
	}},
	{"internal/ingest/inbound", []edge{
		{"internal/remediation", "alerts from elsewhere may start playbooks"},
		{"internal/auth", "who sends"},
		{"internal/hook", "senders may sign"},
	}},
	{"internal/ingest/events", []edge{
		{"internal/ingest", "the sink and the limits that receivers share"},
		{"internal/sli", "what programs want of spans and log records"},
		{"pkg/slo", "what SLOs say of spans and log records"},
	}},
	{"internal/ingest/promapi", []edge{
		{"internal/ingest", "the sink and the limits that receivers share"},
		{"internal/sli", "what programs ask for; decoded batches"},
		{"pkg/slo", "SLOs that are queries"},
		{"pkg/budget", "the past is counts"},
	}},
	{"internal/notify/webhook", []edge{
		{"internal/remediation", "its outbox is delivered"},
		{"internal/hook", "calls are signed"},
		{"pkg/alerts", "transitions become events"},
	}},
	{"internal/notify/...", []edge{
		{"pkg/alerts", "the alerts that are sent"},
		{"internal/notify/...", "what the embedded and the remote receiver share"},
	}},
	{"pkg/slo/...", []edge{{"pkg/slo/...", "one vocabulary, several formats"}}},
	{"pkg/budget", []edge{{"pkg/slo", "the vocabulary"}}},
	{"pkg/gate", []edge{{"pkg/slo", "the vocabulary"}}},
	{"pkg/alerts", []edge{
		{"pkg/slo", "the vocabulary"},
		{"pkg/budget", "burn is computed from counts"},
	}},
	{"test/lab", nil}, // helps tests, and must not know what they test
	{"test/...", []edge{{everything, "tests look at all of it"}}},
	{"bench/...", []edge{{everything, "what is measured is used as its users do"}}},
	{"tools/...", nil}, // builds what tests need, before there is anything to import
}

// A fence keeps a module, or a part of the standard library, to some packages.
type fence struct {
	what   string   // pattern of import paths
	inside []string // the only packages that may import it
	except []string // or else: the packages that may not
	why    string
}

var fences = []fence{
	{
		what: "github.com/prometheus/prometheus/...",
		inside: []string{
			"internal/sli/...", "internal/store/...", "internal/ingest/...",
			"internal/promql", "internal/rules/...",
			"internal/api/prom", // it is Prometheus's own API
			"internal/demo",     // the shop pushes remote write, as a Prometheus would
			"internal/scenario", // series are written as in PromQL's own tests
		},
		why: "its version is pinned, and the pin must stay easy to lift",
	},
	{
		what: "github.com/prometheus/alertmanager/...",
		inside: []string{
			"internal/notify/alertmanager/...",
			"pkg/slo", // matchers, as Alertmanager's users write them
		},
		why: "one package knows Alertmanager; the others know alerts",
	},
	{
		what:   module + "internal/store/files/faulty",
		inside: []string{"internal/store/files/faulty"},
		why:    "it breaks files on purpose, for tests alone",
	},
	{what: "net", except: []string{"pkg/..."}, why: "the library has no effects"},
	{what: "net/http/...", except: []string{"pkg/..."}, why: "the library has no effects"},
	{what: "os/...", except: []string{"pkg/..."}, why: "the library has no effects"},
	{what: "log/...", except: []string{"pkg/..."}, why: "the library returns reasons, its caller logs them"},
}

// smallLibraries are the only ones that the promised library drags along.
var smallLibraries = map[string]string{
	"github.com/cespare/xxhash/v2":                     "ids of groups",
	"github.com/prometheus/alertmanager/matcher/parse": "matchers, as Alertmanager's users write them",
	"github.com/prometheus/alertmanager/pkg/labels":    "the same",
	"github.com/prometheus/common/model":               "durations as Prometheus writes them",
	"github.com/teambition/rrule-go":                   "recurrences of RFC 5545",
	"go.yaml.in/yaml/v3":                               "documents",
	"gonum.org/v1/gonum/mathext":                       "the incomplete beta function of the confidence bound",
}
