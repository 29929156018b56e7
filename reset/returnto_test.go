package reset_test

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

func TestPlacesToReturnTo(t *testing.T) {
	t.Parallel()
	many := func(n int) map[string]string {
		places := make(map[string]string)
		for i := range n {
			places[strconv.Itoa(i)] = "/"
		}
		return places
	}
	for name, row := range map[string]struct {
		places map[string]string
		ok     bool
	}{
		"none":              {nil, true},
		"a path":            {map[string]string{"shop": "/shop?x=1#top"}, true},
		"https":             {map[string]string{"s-1": "https://shop.example/"}, true},
		"a thousand":        {many(1000), true},
		"a thousand and 1":  {many(1001), false},
		"32 bytes":          {map[string]string{strings.Repeat("a", 32): "/"}, true},
		"33 bytes":          {map[string]string{strings.Repeat("a", 33): "/"}, false},
		"no key":            {map[string]string{"": "/"}, false},
		"capitals":          {map[string]string{"Shop": "/"}, false},
		"another parameter": {map[string]string{"a&token=x": "/"}, false},
		"a line break":      {map[string]string{"a\n": "/"}, false},
		"no place":          {map[string]string{"shop": ""}, false},
		"relative":          {map[string]string{"shop": "shop"}, false},
		"another host":      {map[string]string{"shop": "//evil.example"}, false},
		"a backslash":       {map[string]string{"shop": "/\\evil.example"}, false},
		"a script":          {map[string]string{"shop": "javascript:x"}, false},
		"plain http":        {map[string]string{"shop": "http://shop.example"}, false},
		"a password":        {map[string]string{"shop": "https://u:p@x.example"}, false},
		"a quote":           {map[string]string{"shop": `/"><b>`}, false},
		"huge":              {map[string]string{"s": "/" + strings.Repeat("a", 2048)}, false},
	} {
		cfg := goodConfig()
		cfg.Pages.ReturnTo = row.places
		svc, err := reset.New(cfg)
		if !row.ok {
			require.ErrorContains(t, err, "Config.Pages.ReturnTo", name)
			continue
		}

		require.NoError(t, err, name)
		require.Equal(t, row.places, svc.Settings().ReturnTo)
		if row.places != nil {
			clear(svc.Settings().ReturnTo)
			want := maps.Clone(row.places)
			clear(row.places)
			require.Equal(t, want, svc.Settings().ReturnTo, "a copy")
		}
	}
}

func TestTheLinkCarriesAKeyAndNeverAURL(t *testing.T) {
	t.Parallel()
	for asked, carried := range map[string]string{
		"shop": "shop", "": "", "Shop": "", "unknown": "",
		"https://evil.example": "", "//evil.example": "",
		"shop&token=x": "", "shop\n": "", strings.Repeat("a", 5<<20): "",
	} {
		for _, style := range []reset.LinkStyle{
			reset.LinkFragment, reset.LinkQuery,
		} {
			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Pages.LinkStyle = style
				cfg.Pages.ReturnTo = map[string]string{"shop": "/shop"}
			})
			require.NoError(t, fx.Request(t.Context(), reset.RequestInput{
				Email: "ana@example.com", ReturnTo: asked,
			}))
			fx.drain(t)

			msg := fx.outbox.Messages()[0]
			link, err := url.Parse(mailtest.Link(msg))
			require.NoError(t, err)
			values, err := url.ParseQuery(link.RawQuery + link.Fragment)
			require.NoError(t, err)
			require.Equal(t, carried, values.Get("return"))
			require.Equal(t, carried != "", len(values) == 2)
			require.NotContains(t, msg.Text+msg.HTML, "evil")
			require.NoError(t, fx.confirm(t, values.Get("token")))
		}
	}
}

// Links that a trusted caller asks for carry a key as a visitor's do. No more
// than the key is queued.
func TestTrustedCallersNamePlacesAsVisitorsDo(t *testing.T) {
	t.Parallel()
	for asked, carried := range map[string]string{
		"shop": "&return=shop", "": "", "unknown": "", "Shop": "",
		"https://evil.example": "", strings.Repeat("a", 5<<20): "",
	} {
		var queue engine
		fx, _ := newPurposeFixture(t, func(cfg *reset.Config) {
			cfg.Pages.ReturnTo = map[string]string{"shop": "/shop"}
			cfg.Queue.Dispatch = queue.dispatch
		})
		fx.add(t, withoutPassword("new"))
		in := reset.SendInput{UserID: "7", ReturnTo: asked}
		invited := reset.SendInput{UserID: "new", ReturnTo: asked}
		require.NoError(t, errors.Join(
			fx.SendReset(t.Context(), in), fx.Invite(t.Context(), invited),
			fx.SendPurpose(t.Context(), verifyEmail, in),
		))
		for _, job := range queue.jobs {
			require.Less(t, len(job), 1000)
		}
		require.Empty(t, queue.run(t, fx.Service))

		made, err := fx.Link(t.Context(), "7", reset.LinkOptions{
			ReturnTo: asked,
		})
		require.NoError(t, err)
		links := []string{made.Reveal()}
		mails := fx.outbox.Messages()
		for _, msg := range mails[:2] {
			links = append(links, mailtest.Link(msg))
		}
		for _, link := range links {
			require.True(t, strings.HasSuffix(link, carried), link)
			require.Equal(t, carried != "", strings.Contains(link, "&"))
		}
		require.NotContains(t, mailtest.Link(mails[2]), "&")
	}
}

// A job for a place that this process does not know leads nowhere.
func TestTheKeyGoesThroughTheQueue(t *testing.T) {
	t.Parallel()
	var jobs []reset.Job
	places := func(keys ...string) func(cfg *reset.Config) {
		return func(cfg *reset.Config) {
			cfg.Pages.ReturnTo = make(map[string]string)
			for _, key := range keys {
				cfg.Pages.ReturnTo[key] = "/" + key
			}
			cfg.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
				jobs = append(jobs, job)
				return nil
			}
		}
	}
	web := newFixture(t, places("shop"))
	require.NoError(t, web.Request(t.Context(), reset.RequestInput{
		Email: "ana@example.com", ReturnTo: "shop",
	}))
	require.Equal(t, "shop", jobs[0].ReturnTo)

	for _, known := range []string{"shop", "other"} {
		worker := newFixture(t, places(known))
		require.NoError(t, worker.Process(t.Context(), jobs[0]))
		require.Equal(
			t, known == "shop",
			strings.HasSuffix(
				mailtest.Link(worker.outbox.Messages()[0]), "&return=shop",
			),
		)
	}
}

// Every mail that has an account names it.
func TestEachMailOfAnAccountHasItsLabel(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Mail.HintSignsInElsewhere = true
		cfg.Mail.HintNoAccount = true
	})
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Label = "Bakery"
	}))
	fx.add(t, reset.User{ID: "8", Email: "bo@example.com", Label: "Garage"})

	fx.request(t, "ana@example.com")
	fx.request(t, "bo@example.com")
	fx.request(t, "nobody@example.com")
	require.NoError(
		t, fx.Invite(t.Context(), reset.SendInput{UserID: "8"}),
	)
	require.NoError(
		t, fx.NotifyChanged(t.Context(), reset.NotifyInput{UserID: "7"}),
	)
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	fx.drain(t)

	count := make(map[mail.Kind]int)
	for _, msg := range fx.outbox.Messages() {
		count[msg.Kind]++
		label, other := "Bakery", "Garage"
		switch {
		case msg.Kind == mail.KindNoAccount:
			require.NotContains(t, msg.Text, "Account:")
			continue
		case msg.To == "bo@example.com":
			label, other = other, label
		}
		require.Contains(t, msg.Text, "Account: "+label, msg.Kind)
		require.NotContains(t, msg.Text, other)
	}
	require.Equal(t, map[mail.Kind]int{
		mail.KindReset: 1, mail.KindSignsInElsewhere: 1,
		mail.KindNoAccount: 1, mail.KindInvite: 1,
		mail.KindPasswordChanged: 2,
	}, count)
}
