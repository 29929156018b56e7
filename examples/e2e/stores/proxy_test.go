package stores_test

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A proxy stands between the store and a server and can lose one side of what is
// being said. It knows nothing of protocols: the test tells it when.
type proxy struct {
	listener net.Listener
	server   string

	mu    sync.Mutex
	pairs map[*pair]bool
}

// A pair is one connection of the store with its connection to the server.
type pair struct {
	client, server net.Conn
	mu             sync.Mutex
	loseReplies    bool
	loseCommands   bool
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, server: server, pairs: map[*pair]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() { p.serve(&serving) })
	t.Cleanup(func() {
		_ = listener.Close()
		p.each(func(c *pair) { c.close() })
		serving.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) serve(serving *sync.WaitGroup) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		c := &pair{client: client, server: server}
		p.mu.Lock()
		p.pairs[c] = true
		p.mu.Unlock()
		serving.Go(func() { c.copy(server, client, &c.loseCommands) })
		serving.Go(func() {
			c.copy(client, server, &c.loseReplies)
			p.mu.Lock()
			delete(p.pairs, c)
			p.mu.Unlock()
		})
	}
}

// copy passes bytes on until lose is set; the first bytes after that are
// swallowed, and both connections closed.
func (c *pair) copy(to io.Writer, from io.Reader, lose *bool) {
	defer c.close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		c.mu.Lock()
		lost := *lose
		c.mu.Unlock()
		if err != nil || lost {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (c *pair) close() {
	_ = c.client.Close()
	_ = c.server.Close()
}

func (p *proxy) each(f func(*pair)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.pairs {
		f(c)
	}
}

// loseReplies lets the next commands of the connections that are open now reach the
// server, and loses the answers.
func (p *proxy) loseReplies() { p.each(func(c *pair) { c.set(&c.loseReplies) }) }

// loseCommands loses the next commands before the server sees them.
func (p *proxy) loseCommands() { p.each(func(c *pair) { c.set(&c.loseCommands) }) }

func (c *pair) set(lose *bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*lose = true
}
