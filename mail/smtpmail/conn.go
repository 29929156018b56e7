package smtpmail

import (
	"errors"
	"net"
)

// maxReply bounds what a server may say to one Send. Replies are a few hundred
// bytes, a certificate chain a few thousand.
const maxReply = 1 << 20

var errTalksTooMuch = errors.New("smtpmail: the server's replies do not end")

// conn watches the bytes under the SMTP client. It is used by one goroutine at
// a time, except for Close.
type conn struct {
	net.Conn
	budget   int  // bytes that may still be read
	cutShort bool // a write has failed, so not everything was sent
}

func (c *conn) Read(p []byte) (int, error) {
	if c.budget <= 0 {
		return 0, errTalksTooMuch
	}
	n, err := c.Conn.Read(p[:min(len(p), c.budget)])
	c.budget -= n
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil {
		c.cutShort = true
	}
	return n, err
}
