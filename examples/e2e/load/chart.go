package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
	"time"
)

// The chart has medians of the latency over the offered load, both logarithmic.
const (
	chartWidth, chartHeight  = 860, 480
	left, right, top, bottom = 64, 640, 56, 420
	labelHeight              = 17
)

// A look is a colour that reads on light and on dark, and the dashes of a line,
// so that nobody has to tell colours apart.
type look struct{ name, colour, dashes string }

var looks = []look{
	{nameAudited, "#2f81f7", ""},
	{nameAuditedServer, "#2f81f7", "7 4"},
	{nameWebapp, "#3fb950", ""},
	{nameWebappServer, "#3fb950", "7 4"},
	{nameTable, "#db6d28", ""},
	{nameTableServer, "#db6d28", "7 4"},
	{nameDjango, "#a371f7", ""},
}

// A scale puts a value on an axis.
type scale struct {
	least, most float64
	from, to    float64
}

func (s scale) at(value float64) float64 {
	value = min(max(value, s.least), s.most)
	share := math.Log(value/s.least) / math.Log(s.most/s.least)
	return s.from + share*(s.to-s.from)
}

// draw returns the chart as SVG.
func draw(curves []*curve) []byte {
	rates, most := []int{}, 10.0
	for _, c := range curves {
		for _, s := range c.steps {
			rates = append(rates, s.rate)
			most = max(most, millis(s.percentile(50)))
		}
	}
	slices.Sort(rates)
	rates = slices.Compact(rates)
	x := scale{
		float64(rates[0]), float64(rates[len(rates)-1]) + 1, left, right,
	}
	y := scale{0.5, most * 1.2, bottom, top}

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" `+
		`viewBox="0 0 %d %d" role="img" aria-labelledby="title">`+"\n",
		chartWidth, chartHeight)
	b.WriteString(`<title id="title">How long a request for a link takes, ` +
		"over how many come in a second</title>\n<style>\n" +
		"text { font: 13px system-ui, sans-serif; fill: #1f2328; }\n" +
		"line { stroke: #1f2328; stroke-opacity: .18; }\n" +
		"path { fill: none; stroke-width: 2.2; stroke-linejoin: round; }\n" +
		"@media (prefers-color-scheme: dark) {\n" +
		"text { fill: #e6edf3; }\nline { stroke: #e6edf3; }\n}\n</style>\n")
	fmt.Fprintf(&b, `<text x="%d" y="22" font-weight="bold" `+
		`style="font-size:15px">Median latency of a request for a link, ms</text>`+"\n",
		left-40)
	fmt.Fprintf(&b, `<text x="%d" y="42" fill-opacity=".7">A line ends `+
		"where its server fell behind.</text>\n", left-40)

	axes(&b, x, y, rates)
	lines(&b, x, y, curves)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func axes(b *bytes.Buffer, x, y scale, rates []int) {
	for _, ms := range []float64{1, 10, 100, 1000, 10_000} {
		if ms > y.most {
			break
		}
		fmt.Fprintf(b, `<line x1="%d" x2="%d" y1="%.0f" y2="%.0f"/>`+
			`<text x="%d" y="%.0f" text-anchor="end">%.0f</text>`+"\n",
			left, right, y.at(ms), y.at(ms), left-8, y.at(ms)+4, ms)
	}
	for _, rate := range rates {
		at := x.at(float64(rate))
		fmt.Fprintf(b, `<line x1="%.0f" x2="%.0f" y1="%d" y2="%d"/>`+
			`<text x="%.0f" y="%d" text-anchor="middle">%d</text>`+"\n",
			at, at, top, bottom, at, bottom+20, rate)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">offered load, `+
		"requests a second</text>\n", (left+right)/2, bottom+44)
}

// lines draws a line for each curve. A line ends where the server was behind.
// Names stand beside their ends, pushed apart where they would overlap.
func lines(b *bytes.Buffer, x, y scale, curves []*curve) {
	type label struct {
		look
		x, y, beside float64
	}
	var labels []label
	for _, l := range looks {
		i := slices.IndexFunc(curves, func(c *curve) bool {
			return c.name == l.name
		})
		if i < 0 || len(curves[i].steps) == 0 {
			continue
		}

		var px, py float64
		b.WriteString(`<path d="`)
		for n, s := range curves[i].steps {
			px = x.at(float64(s.rate))
			py = y.at(max(millis(s.percentile(50)), y.least))
			fmt.Fprintf(b, "%s%.1f %.1f", map[bool]string{true: "M", false: " L"}[n == 0],
				px, py)
		}
		fmt.Fprintf(b, `" stroke="%s" stroke-dasharray="%s"/>`+"\n",
			l.colour, l.dashes)
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>`+"\n",
			px, py, l.colour)
		labels = append(labels, label{l, px, py, py})
	}

	slices.SortFunc(labels, func(a, b label) int { return int(a.y - b.y) })
	for i := range labels {
		if i > 0 {
			labels[i].beside = max(
				labels[i].beside, labels[i-1].beside+labelHeight,
			)
		}
		l := labels[i]
		fmt.Fprintf(b, `<path d="M%.1f %.1f L%d %.1f" stroke="%s" `+
			`style="stroke-width:1;stroke-opacity:.5"/>`+
			`<text x="%d" y="%.1f">%s</text>`+"\n",
			l.x, l.y, right+14, l.beside, l.colour,
			right+20, l.beside+4, html.EscapeString(l.name))
	}
}

func millis(d time.Duration) float64 { return d.Seconds() * 1000 }
