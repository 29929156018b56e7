package main

import (
	"context"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

const (
	chartDays  = 14
	chartLeft  = 48 // where the first day begins
	chartTop   = 8
	chartBase  = 150
	dayWidth   = 48
	barWidth   = 12
	barSpacing = 14
)

// chart is how many links were requested, confirmed and refused on each of the
// last days, and where the page draws that.
type chart struct {
	Days                           []chartDay
	Most                           int64
	Width, Height, Left, Top, Base int
	Text                           string // says what the chart shows
}

type chartDay struct {
	X           int
	Date, Label string
	Bars        []chartBar
}

type chartBar struct {
	Class               string
	Count               int64
	X, Y, Width, Height int
}

// chartClasses are the bars of a day, from left to right.
var chartClasses = []string{"requested", "confirmed", "refused"}

// chartBarOf returns which bar of a day counts an outcome, and -1 for none.
func chartBarOf(outcome reset.Outcome) int {
	switch outcome {
	case reset.OutcomeRequested:
		return 0
	case reset.OutcomeConfirmed:
		return 1
	case reset.OutcomeThrottled, reset.OutcomeBlocked, reset.OutcomeLostRace,
		reset.OutcomeCheckRejected, reset.OutcomeRejected:
		return 2
	default:
		return -1
	}
}

func (app *application) dailyChart(
	ctx context.Context, now time.Time,
) (chart, error) {
	first := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-chartDays)
	counts, err := app.trail.Daily(ctx, first)
	if err != nil {
		return chart{}, err
	}
	return drawChart(first, counts), nil
}

// drawChart draws the days from first on. Counts of other days are left out.
func drawChart(first time.Time, counts []sqlaudit.DayCount) chart {
	var (
		events [chartDays][3]int64
		total  [3]int64
		most   int64 = 1
	)
	for _, count := range counts {
		day, bar := int(count.Day.Sub(first)/(24*time.Hour)),
			chartBarOf(count.Outcome)
		if day < 0 || day >= chartDays || bar < 0 {
			continue
		}
		events[day][bar] += count.Count
		total[bar] += count.Count
		most = max(most, events[day][bar])
	}

	c := chart{
		Most: most, Left: chartLeft, Top: chartTop, Base: chartBase,
		Width: chartLeft + chartDays*dayWidth, Height: chartBase + 26,
		Text: fmt.Sprintf("%d links were requested, %d confirmed and %d"+
			" requests and links refused in %d days. The table below has every"+
			" day.", total[0], total[1], total[2], chartDays),
	}
	for i, kinds := range events {
		day := first.AddDate(0, 0, i)
		drawn := chartDay{
			X:    chartLeft + i*dayWidth,
			Date: day.Format(time.DateOnly), Label: day.Format("2 Jan"),
		}
		for kind, count := range kinds {
			drawn.Bars = append(drawn.Bars, drawBar(
				chartClasses[kind], drawn.X+kind*barSpacing, count, most,
			))
		}
		c.Days = append(c.Days, drawn)
	}
	return c
}

// drawBar draws a count. One that is not zero can always be seen.
func drawBar(class string, x int, count, most int64) chartBar {
	height := 0
	if count > 0 {
		share := float64(count) / float64(most)
		height = max(2, int(share*(chartBase-chartTop)))
	}
	return chartBar{
		Class: class, Count: count,
		X: x, Y: chartBase - height, Width: barWidth, Height: height,
	}
}
