package reset

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

const (
	defaultPurpose = 24 * time.Hour
	maxPurpose     = 30 * 24 * time.Hour
)

// validatePurposes checks the pages that links other than those to set a
// password lead to.
func (c *Config) validatePurposes() error {
	if c.Pages.Dispute == "" {
		c.Pages.Dispute = c.Pages.Reset + "/dispute"
	}
	if !isPagePath(c.Pages.Dispute) {
		return errors.New(
			"reset: Config.Pages.Dispute is not an absolute path without " +
				"query and fragment",
		)
	}
	taken := map[string]string{
		c.Pages.Reset: "Reset", c.Pages.Forgot: "Forgot",
	}
	if field, ok := taken[c.Pages.Dispute]; ok {
		return fmt.Errorf(
			"reset: Config.Pages.Dispute and Config.Pages.%s are the same",
			field,
		)
	}
	taken[c.Pages.Dispute] = "Dispute"

	c.Pages.Purposes = maps.Clone(c.Pages.Purposes)
	for _, name := range slices.Sorted(maps.Keys(c.Pages.Purposes)) {
		of := c.Pages.Purposes[name]
		field := fmt.Sprintf("Purposes[%q]", name)
		if err := of.validate(name); err != nil {
			return fmt.Errorf("reset: Config.Pages.%s%w", field, err)
		}
		if other, ok := taken[of.Path]; ok {
			return fmt.Errorf(
				"reset: Config.Pages.%s.Path is that of Config.Pages.%s",
				field, other,
			)
		}
		taken[of.Path] = field
		c.Pages.Purposes[name] = of
	}
	return nil
}

// validate fills in the lifetime. Package token checks the letters of the name.
func (p *Purpose) validate(name token.Purpose) error {
	reserved := []token.Purpose{
		"", token.PurposeReset, token.PurposeInvite, PurposeDispute,
	}
	if slices.Contains(reserved, name) ||
		slices.Contains(mail.BuiltInKinds(), mail.Kind(name)) {
		return errors.New(" has a name that is not free")
	}
	if !isPagePath(p.Path) {
		return errors.New(
			".Path is not an absolute path without query and fragment",
		)
	}

	if p.Lifetime == 0 {
		p.Lifetime = defaultPurpose
	}
	if p.Lifetime < minLifetime || p.Lifetime > maxPurpose {
		return fmt.Errorf(
			".Lifetime is %v, want %v to %v",
			p.Lifetime, minLifetime, maxPurpose,
		)
	}
	return nil
}

// purposes returns how long the links of each purpose live.
func (c *Config) purposes() map[token.Purpose]token.Lifetime {
	all := map[token.Purpose]token.Lifetime{
		token.PurposeReset: {
			Default: c.Lifetimes.Reset, Max: c.Lifetimes.MaxReset,
		},
		token.PurposeInvite: {
			Default: c.Lifetimes.Invite, Max: c.Lifetimes.Invite,
		},
	}
	if c.Hooks.OnDisputed != nil {
		all[PurposeDispute] = token.Lifetime{
			Default: c.Lifetimes.Dispute, Max: c.Lifetimes.Dispute,
		}
	}
	for name, of := range c.Pages.Purposes {
		all[name] = token.Lifetime{Default: of.Lifetime, Max: of.Lifetime}
	}
	return all
}

// sample is what a mail of one kind says, with made-up links.
func (c *Config) sample(kind mail.Kind) mail.Data {
	data := c.facts(kind)
	data.At = c.Now()
	link := c.Site + c.Pages.Reset +
		linkMark(c.Pages.LinkStyle) + "sample"

	switch {
	case delivery{kind: kind}.hasLink():
		data.Link, data.Lifetime = link, c.Lifetimes.Reset
		data.ExpiresAt = data.At.Add(data.Lifetime)
	case kind == mail.KindPasswordChanged && c.Hooks.OnDisputed != nil:
		data.DisputeLink = link
		data.ExpiresAt = data.At.Add(c.Lifetimes.Dispute)
	}
	return data
}
