package sqlaudit_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"log/slog"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// openDatabase stands for sql.Open with the application's driver.
func openDatabase() *sql.DB { return (&sqltest.DB{}).OpenForExample() }

func ExampleNew() {
	db := openDatabase()
	ctx := context.Background()

	trail, err := sqlaudit.New(db, sqlaudit.Config{
		Dialect: sqlstore.PostgreSQL,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, statement := range trail.Schema() {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			log.Fatal(err)
		}
	}

	// The trail and the log hear of every outcome.
	cfg := reset.Config{
		Events: reset.Sinks{trail, reset.SlogSink(slog.Default())},
	}
	_ = cfg

	// Whatever a user asks of support: who wanted to reset my password?
	links, err := trail.Links(ctx, sqlaudit.Filter{UserID: "42"})
	if err != nil {
		log.Fatal(err)
	}
	for _, link := range links {
		fmt.Println(link.AskedAt, link.AskedFrom, link.UsedAt, link.UsedFrom)
	}
	// Output:
}

// The busiest clients of the last hour are blocked for an hour. A network that
// several clients were refused in may have other people in it.
func ExampleNewBlocks() {
	db := openDatabase()
	ctx := context.Background()

	blocks, err := sqlaudit.NewBlocks(db, sqlaudit.BlocksConfig{
		Dialect: sqlstore.MySQL,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := blocks.Refresh(ctx); err != nil {
		log.Fatal(err)
	}

	// From here on, blocked clients get the usual answers and no mail.
	cfg := reset.Config{Hooks: reset.Hooks{Blocked: blocks.Blocked}}

	trail, err := sqlaudit.New(db, sqlaudit.Config{Dialect: sqlstore.MySQL})
	if err != nil {
		log.Fatal(err)
	}
	now := time.Now()
	clients, err := trail.BusiestClients(ctx, now.Add(-time.Hour), 10)
	if err != nil {
		log.Fatal(err)
	}

	for _, client := range clients {
		if client.Requests+client.RefusedLinks < 1000 {
			continue
		}
		err := blocks.Add(ctx, client.Prefix, "busy", now.Add(time.Hour))
		if err != nil {
			log.Fatal(err)
		}
	}

	fmt.Println(cfg.Hooks.Blocked(netip.MustParseAddr("203.0.113.7")))
	// Output: false
}
