package smtpmail

import (
	"context"
	"net"

	"github.com/lostkey-go/lostkey/mail"
)

// DeliverOver sends one message without TLS over a connection of the test's.
func DeliverOver(ctx context.Context, c net.Conn, msg mail.Message) error {
	set := &settings{Config: Config{Host: "pipe", InsecureNoTLS: true}}
	env, err := set.prepare(msg)
	if err != nil {
		return err
	}

	ses := &session{raw: &conn{Conn: c, budget: maxReply}}
	defer ses.close()
	if err := set.greet(ctx, ses); err != nil {
		return err
	}
	return ses.deliver(ctx, env)
}
