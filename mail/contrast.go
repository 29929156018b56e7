package mail

import (
	"fmt"
	"math"
	"strconv"
)

// channels returns red, green and blue of a valid colour.
func channels(colour string) [3]float64 {
	var out [3]float64
	for i := range out {
		n, _ := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		out[i] = float64(n)
	}
	return out
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(colour string) float64 {
	weights := [3]float64{0.2126, 0.7152, 0.0722}
	sum := 0.0
	for i, value := range channels(colour) {
		value /= 255
		if value <= 0.04045 {
			value /= 12.92
		} else {
			value = math.Pow((value+0.055)/1.055, 2.4)
		}
		sum += weights[i] * value
	}
	return sum
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// readable mixes as much of another colour into a colour as it needs for the
// least contrast with all that it meets.
func readable(colour, towards string, on []string) string {
	from, to := channels(colour), channels(towards)
	for share := 0.0; share < 1; share += 0.01 {
		var mixed [3]int
		for i := range mixed {
			mixed[i] = int(math.Round(from[i] + share*(to[i]-from[i])))
		}
		colour = fmt.Sprintf("#%02x%02x%02x", mixed[0], mixed[1], mixed[2])

		enough := true
		for _, other := range on {
			enough = enough && contrast(colour, other) >= minContrast
		}
		if enough {
			return colour
		}
	}
	return towards
}
