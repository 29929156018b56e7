package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

// blockFor is how long a click blocks a network. Strangers may share it, so
// every block ends by itself.
const blockFor = time.Hour

// What a click may block at most. That is the neighbourhood of an IPv4 host and
// what an IPv6 site gets (RFC 6177).
const (
	widestIPv4 = 24
	widestIPv6 = 48
)

// openBlocks makes the block list and its table, and reads it.
func (app *application) openBlocks(ctx context.Context) error {
	var err error
	app.blocks, err = sqlaudit.NewBlocks(app.db.DB, sqlaudit.BlocksConfig{
		Dialect: app.db.dialect, Logger: app.log,
	})
	if err != nil {
		return err
	}
	if err := app.db.createTables(ctx, app.blocks.Schema()); err != nil {
		return err
	}

	if _, err := app.blocks.Prune(ctx); err != nil {
		return err
	}
	return app.blocks.Refresh(ctx)
}

// busyNetwork is a row of the busiest networks, and what a click can block.
type busyNetwork struct {
	sqlaudit.ClientCount
	// Around is the network around Prefix, or the zero Prefix where that is
	// the widest one.
	Around  netip.Prefix
	Blocked bool
}

func (app *application) busiestNetworks(
	ctx context.Context, blocks []sqlaudit.Block,
) ([]busyNetwork, error) {
	counts, err := app.trail.BusiestClients(
		ctx, time.Now().Add(-busiestFor), busiestRows,
	)
	if err != nil {
		return nil, err
	}

	networks := make([]busyNetwork, 0, len(counts))
	for _, count := range counts {
		network := busyNetwork{ClientCount: count}
		for _, block := range blocks {
			network.Blocked = network.Blocked ||
				block.Prefix.Bits() <= count.Prefix.Bits() &&
					block.Prefix.Contains(count.Prefix.Addr())
		}
		if around := widestAround(count.Prefix); around != count.Prefix {
			network.Around = around
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// widestAround returns the widest network around prefix that a click may block.
func widestAround(prefix netip.Prefix) netip.Prefix {
	bits := widestIPv4
	if prefix.Addr().Is6() {
		bits = widestIPv6
	}
	return netip.PrefixFrom(prefix.Addr(), min(bits, prefix.Bits())).Masked()
}

// blockNetwork blocks the network of the form, for every reset from there, and
// goes back to the audit page. Whoever may see that page may do this.
func (app *application) blockNetwork(w http.ResponseWriter, r *http.Request) {
	prefix, ok := app.networkForm(w, r)
	if !ok {
		return
	}
	widest := widestIPv4
	if prefix.Addr().Is6() {
		widest = widestIPv6
	}
	if prefix.Bits() < widest {
		app.badNetwork(w, r)
		return
	}

	until := time.Now().Add(blockFor)
	err := app.blocks.Add(r.Context(), prefix, "audit page", until)
	app.blocksChanged(w, r, "network blocked", prefix, err)
}

// liftBlock takes the network of the form off the list.
func (app *application) liftBlock(w http.ResponseWriter, r *http.Request) {
	prefix, ok := app.networkForm(w, r)
	if !ok {
		return
	}
	err := app.blocks.Remove(r.Context(), prefix)
	app.blocksChanged(w, r, "block lifted", prefix, err)
}

// networkForm reads the network of a form, or answers and returns false.
func (app *application) networkForm(
	w http.ResponseWriter, r *http.Request,
) (netip.Prefix, bool) {
	if !app.form(w, r) {
		return netip.Prefix{}, false
	}
	prefix, err := netip.ParsePrefix(r.PostForm.Get("prefix"))
	if err != nil || prefix.Addr().Is4In6() {
		app.badNetwork(w, r)
		return netip.Prefix{}, false
	}
	return prefix.Masked(), true
}

func (app *application) badNetwork(w http.ResponseWriter, r *http.Request) {
	app.show(w, r, http.StatusBadRequest, "message", page{
		Title: "That is not a network to block",
		Content: fmt.Sprintf("Give one like 203.0.113.0/24 or 2001:db8::/48. "+
			"Networks wider than /%d (IPv4) or /%d (IPv6) hold too many "+
			"strangers.", widestIPv4, widestIPv6),
	})
}

func (app *application) blocksChanged(
	w http.ResponseWriter, r *http.Request,
	change string, prefix netip.Prefix, err error,
) {
	switch {
	case errors.Is(err, sqlaudit.ErrPrefix):
		app.badNetwork(w, r)
	case err != nil:
		app.unavailable(w, r, err)
	default:
		app.log.InfoContext(r.Context(), change, "network", prefix)
		http.Redirect(w, r, "/audit#blocks", http.StatusSeeOther)
	}
}
