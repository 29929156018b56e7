package metrics_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/lostkey-go/lostkey/reset"
)

// A board is what is checked of Grafana's model of a dashboard.
type board struct {
	Title         string
	UID           string
	SchemaVersion int
	Templating    struct{ List []struct{ Name, Type string } }
	Panels        []struct {
		ID                       int
		Type, Title, Description string
		GridPos                  struct{ X, Y, W, H int }
		Targets                  []struct{ RefID, Expr, LegendFormat string }
	}
}

func readBoard(t *testing.T) (b board, exprs []string) {
	t.Helper()
	text, err := os.ReadFile("grafana.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &b))
	for _, panel := range b.Panels {
		for _, target := range panel.Targets {
			exprs = append(exprs, target.Expr)
		}
	}
	return b, exprs
}

func TestBoardIsWhatGrafanaLoads(t *testing.T) {
	t.Parallel()
	b, _ := readBoard(t)
	require.NotEmpty(t, b.Title)
	require.NotEmpty(t, b.UID)
	require.Positive(t, b.SchemaVersion)
	require.Len(t, b.Templating.List, 2)

	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, panel := range b.Panels {
		require.False(t, ids[panel.ID], "the id is taken")
		ids[panel.ID] = true
		require.Contains(t, []string{"stat", "timeseries"}, panel.Type)
		require.NotEmpty(t, panel.Description, panel.Title)
		require.NotEmpty(t, panel.Targets, panel.Title)

		at := panel.GridPos
		require.LessOrEqual(t, at.X+at.W, 24, panel.Title)
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				require.Empty(t, taken[[2]int{x, y}], "under "+panel.Title)
				taken[[2]int{x, y}] = panel.Title
			}
		}
	}
}

// A rule is one of alerts.yml.
type rule struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

func readAlerts(t *testing.T) (rules []rule, exprs []string) {
	t.Helper()
	text, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	var file struct {
		Groups []struct{ Rules []rule }
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	for _, group := range file.Groups {
		rules = append(rules, group.Rules...)
	}
	for _, r := range rules {
		exprs = append(exprs, r.Expr)
	}
	return rules, exprs
}

func TestAlertsSayWhatTheyAreAndHowUrgent(t *testing.T) {
	t.Parallel()
	rules, _ := readAlerts(t)
	require.Greater(t, len(rules), 10)
	for _, r := range rules {
		require.Regexp(t, `^Lostkey[A-Za-z]+$`, r.Alert)
		require.Contains(t, []string{"page", "ticket"}, r.Labels["severity"])
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
	}
}

// A name that nothing exposes is a panel that stays empty, and an alert that
// never fires.
func TestBoardAndAlertsNameWhatIsExposed(t *testing.T) {
	t.Parallel()
	registry, svc, _ := withPrometheus(newTrail())
	use(svc)
	exposed := map[string]bool{}
	for _, line := range scrape(registry) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ = strings.Cut(name, " ")
			exposed[name] = true
		}
	}

	_, onBoard := readBoard(t)
	_, inAlerts := readAlerts(t)
	metric := regexp.MustCompile(`lostkey_[a-z_]+`)
	named := metric.FindAllString(strings.Join(onBoard, " "), -1)
	require.ElementsMatch(t, slices.Collect(maps.Keys(exposed)),
		slices.Compact(slices.Sorted(slices.Values(named))),
		"the board shows all there is, and nothing else")
	for _, name := range metric.FindAllString(strings.Join(inAlerts, " "), -1) {
		require.Contains(t, exposed, name)
	}
	checkLabels(t, append(onBoard, inAlerts...))
}

// checkLabels compares what expressions select with the closed sets.
func checkLabels(t *testing.T, exprs []string) {
	t.Helper()
	label := regexp.MustCompile(`(outcome|reason)=~?"([^"]*)"`)
	selected := map[reset.Outcome]bool{}
	for _, expr := range exprs {
		for _, found := range label.FindAllStringSubmatch(expr, -1) {
			for _, value := range strings.Split(found[2], "|") {
				if found[1] == "reason" {
					require.Contains(t, reset.Reasons(), reset.Reason(value))
					continue
				}
				selected[reset.Outcome(value)] = true
			}
		}
	}

	// The losses have a counter of their own.
	selected[reset.OutcomeEventsLost] = true
	require.ElementsMatch(t, reset.Outcomes(),
		slices.Collect(maps.Keys(selected)), "no outcome is shown nowhere")
}

// Prometheus' own tool reads every expression, and sees each alert fire on
// what it is for, and none at a quiet site.
func TestPromtoolAcceptsRulesAndBoard(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatal("no promtool in the path, and LOSTKEY_REQUIRE_SERVICES=1")
		}
		t.Skip("no promtool in the path: it is in Debian's prometheus")
	}
	run := func(args ...string) {
		out, err := exec.CommandContext(t.Context(), promtool, args...).
			CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	run("check", "rules", "alerts.yml")
	run("test", "rules", "alerts_test.yml")

	// Grafana puts these in before Prometheus sees an expression.
	variables := strings.NewReplacer(
		"$__rate_interval", "1m", "$__range", "6h", "$job", ".*",
	)
	_, exprs := readBoard(t)
	var rules []map[string]string
	for _, expr := range exprs {
		rules = append(rules, map[string]string{
			"record": "panel", "expr": variables.Replace(expr),
		})
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{
		map[string]any{"name": "board", "rules": rules},
	}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "board.yml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	run("check", "rules", "--lint=none", file)
}
