package mail

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Brand is the look of mails and pages. Give it to TemplatesConfig and to the
// Config of package resethttp. The zero value is the module's own look.
//
// Colours are written as "#1d57c7". Accent is drawn on #ffffff and #f3f5f8,
// with white text on it, and AccentDark on #171d26 and #0e1218, with #0a1424 on
// it. A contrast below 4.5:1 (WCAG 2.2, criterion 1.4.3) is refused.
//
// Not checked: what the logo shows, whether it can be fetched, and whether a
// reader has the fonts.
type Brand struct {
	// Wordmark is the name at the top. Empty means the name of the product.
	Wordmark string

	// Accent is the colour of buttons and links. Empty means a blue. AccentDark
	// is that colour on dark screens. Empty means as much white in Accent as a
	// contrast of 7:1 takes.
	Accent, AccentDark string

	// Logo is an image in place of the wordmark: an https URL, or a path such
	// as "/logo.png" on the site of the links. It must suit light and dark
	// backgrounds. Mail programs fetch it when the mail is read, and many ask
	// first. They show PNG, JPEG and GIF, but no SVG.
	Logo string

	// LogoWidth and LogoHeight are its size on the screen in pixels, at most
	// 280 by 120. Required with a Logo.
	LogoWidth, LogoHeight int

	// LogoAlt stands in for the image. Empty means the wordmark.
	LogoAlt string

	// Radius is the rounding of corners in pixels, 1 (which looks square) to
	// 24. Zero means 8.
	Radius int

	// Font is a list of font families as CSS has it, such as "Inter, 'Segoe
	// UI', sans-serif". No font is loaded. Empty means the system's own.
	Font string
}

// The backgrounds and texts that the accents meet.
const (
	lightCard   = "#ffffff"
	lightGround = "#f3f5f8"
	darkCard    = "#171d26"
	darkGround  = "#0e1218"
	darkLabel   = "#0a1424" // text on a button in the dark
)

const (
	defaultAccent     = "#1d57c7"
	defaultAccentDark = "#86b1ff"

	defaultRadius = 8
	maxRadius     = 24
	defaultFont   = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto," +
		" 'Helvetica Neue', Arial, sans-serif"

	maxFont       = 200
	maxLogoWidth  = 280 // fits into a mail on a screen of 320
	maxLogoHeight = 120

	minContrast  = 4.5
	easyContrast = 7 // of what is made here, WCAG 2.2 criterion 1.4.6
)

// Resolve validates b and fills in the empty fields, except Wordmark and
// LogoAlt, which depend on the product. Errors name the field and what to
// change.
func (b Brand) Resolve() (Brand, error) {
	if err := b.validate(); err != nil {
		return Brand{}, err
	}
	b.Radius = cmp.Or(b.Radius, defaultRadius)
	b.Font = cmp.Or(b.Font, defaultFont)

	if b.Accent == "" {
		b.Accent = defaultAccent
		b.AccentDark = cmp.Or(b.AccentDark, defaultAccentDark)
	}
	on := []string{lightCard, lightGround}
	if err := validateAccent("Accent", b.Accent, "#000000", on); err != nil {
		return Brand{}, err
	}

	on = []string{darkCard, darkGround, darkLabel}
	if b.AccentDark == "" {
		b.AccentDark = readable(b.Accent, "#ffffff", on, easyContrast)
	}
	err := validateAccent("AccentDark", b.AccentDark, "#ffffff", on)
	if err != nil {
		return Brand{}, err
	}
	return b, nil
}

var (
	colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	family = `('[A-Za-z0-9][A-Za-z0-9 -]*'|-?[A-Za-z][A-Za-z0-9-]*)`
	fonts  = regexp.MustCompile(`^` + family + `(, ?` + family + `)*$`)
)

func (b Brand) validate() error {
	invalid := func(field string, value any, want string) error {
		return fmt.Errorf("mail: Brand.%s is %#v, want %s", field, value, want)
	}
	const (
		wantLine   = "one line of at most 100 bytes"
		wantColour = `a colour like "#1d57c7"`
	)

	switch {
	case len(b.Wordmark) > maxName || !cleanLine(b.Wordmark):
		return invalid("Wordmark", b.Wordmark, wantLine)
	case len(b.LogoAlt) > maxName || !cleanLine(b.LogoAlt):
		return invalid("LogoAlt", b.LogoAlt, wantLine)
	case b.Accent != "" && !colour.MatchString(b.Accent):
		return invalid("Accent", b.Accent, wantColour)
	case b.AccentDark != "" && !colour.MatchString(b.AccentDark):
		return invalid("AccentDark", b.AccentDark, wantColour)
	}

	switch {
	case b.Radius < 0 || b.Radius > maxRadius:
		return invalid("Radius", b.Radius, "1 to 24, or 0 for 8")
	case b.Font != "" && (len(b.Font) > maxFont || !fonts.MatchString(b.Font)):
		return invalid("Font", b.Font, "font families with commas between,"+
			" in single quotes where a name has a space")
	}
	return b.validateLogo()
}

func (b Brand) validateLogo() error {
	path := strings.HasPrefix(b.Logo, "/") && !strings.HasPrefix(b.Logo, "//") &&
		webURL("https://host"+b.Logo)
	https := strings.HasPrefix(b.Logo, "https://") && webURL(b.Logo)

	switch {
	case b.Logo == "" && (b.LogoWidth != 0 || b.LogoHeight != 0):
		return errors.New("mail: Brand.Logo is empty, want an address with" +
			" LogoWidth and LogoHeight")
	case b.Logo == "":
		return nil
	case !path && !https:
		return fmt.Errorf("mail: Brand.Logo is %q, want an https URL, or a path"+
			" that begins with one slash", b.Logo)
	case b.LogoWidth < 1 || b.LogoWidth > maxLogoWidth:
		return fmt.Errorf("mail: Brand.LogoWidth is %d, want 1 to %d",
			b.LogoWidth, maxLogoWidth)
	case b.LogoHeight < 1 || b.LogoHeight > maxLogoHeight:
		return fmt.Errorf("mail: Brand.LogoHeight is %d, want 1 to %d",
			b.LogoHeight, maxLogoHeight)
	}
	return nil
}

// styleNames are what an HTML file calls the values that styles need.
var styleNames = []string{
	"{{accent}}", "{{accentText}}", "{{accentDark}}", "{{accentDarkText}}",
	"{{font}}", "{{radius}}",
}

// markStart begins the marks of styles. Nothing else in a template has it.
const markStart = '\x1a'

// styleMark stands for one of them in a parsed template. A font can have single
// quotes, so its mark has some, for html/template to judge.
func styleMark(i int) string {
	if styleNames[i] == "{{font}}" {
		return fmt.Sprintf("%c'%d'", markStart, i)
	}
	return fmt.Sprintf("%c%d", markStart, i)
}

// markStyles puts marks in place of the names.
func markStyles(source string) string {
	for i, name := range styleNames {
		source = strings.ReplaceAll(source, name, styleMark(i))
	}
	return source
}

// A style is a value that goes in place of a mark. It has been validated, and
// so needs no escaping.
type style struct{ mark, value string }

// styles returns the style of each name.
func (b Brand) styles() []style {
	values := []string{
		b.Accent, lightCard, b.AccentDark, darkLabel,
		b.Font, strconv.Itoa(b.Radius) + "px",
	}
	all := make([]style, len(values))
	for i, value := range values {
		all[i] = style{styleMark(i), value}
	}
	return all
}

// A styleWriter puts styles in place of their marks. Each mark must come in one
// call of Write, which is how templates write their text.
type styleWriter struct {
	to     *strings.Builder
	styles []style
}

// Write never fails.
func (w *styleWriter) Write(text []byte) (int, error) {
	rest := text
	for {
		at := bytes.IndexByte(rest, markStart)
		if at < 0 {
			w.to.Write(rest)
			return len(text), nil
		}
		w.to.Write(rest[:at])
		rest = w.writeStyle(rest[at:])
	}
}

// writeStyle writes the style whose mark text begins with, and returns what is
// behind the mark.
func (w *styleWriter) writeStyle(text []byte) (rest []byte) {
	for _, s := range w.styles {
		if len(text) >= len(s.mark) && string(text[:len(s.mark)]) == s.mark {
			w.to.WriteString(s.value)
			return text[len(s.mark):]
		}
	}
	w.to.WriteByte(text[0])
	return text[1:]
}

// validateAccent measures a colour against all that it meets. In the error it
// offers the nearest one on the way to another colour that would do.
func validateAccent(field, accent, towards string, on []string) error {
	for _, other := range on {
		if ratio := contrast(accent, other); ratio < minContrast {
			// Rounding up would say 4.5 of what is refused for less.
			return fmt.Errorf("mail: Brand.%s is %s, which has a contrast of"+
				" %.2f:1 with %s, want %.1f:1 or more, such as %s",
				field, accent, float64(int(ratio*100))/100, other, minContrast,
				readable(accent, towards, on, minContrast))
		}
	}
	return nil
}
