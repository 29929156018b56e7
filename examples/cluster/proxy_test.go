package main

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A proxy stands between the instances and a server that others use as well. To
// take it away is to take the server away from the instances alone.
type proxy struct {
	address, server string

	mu       sync.Mutex
	listener net.Listener // nil while it is away
	conns    map[net.Conn]bool
	serving  sync.WaitGroup

	hold sync.RWMutex // locked while the server hangs
}

// held passes nothing on while the server hangs.
type held struct {
	p  *proxy
	to io.Writer
}

func (h held) Write(part []byte) (int, error) {
	h.p.hold.RLock()
	defer h.p.hold.RUnlock()
	return h.to.Write(part)
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	p := &proxy{
		address: "127.0.0.1:0", server: server, conns: map[net.Conn]bool{},
	}
	p.bringBack(t)
	p.address = p.listener.Addr().String()
	t.Cleanup(func() {
		p.takeAway()
		p.serving.Wait()
	})
	return p
}

// bringBack listens, at the same address as before.
func (p *proxy) bringBack(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", p.address)
	require.NoError(t, err)
	p.mu.Lock()
	p.listener = listener
	p.mu.Unlock()
	p.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.serving.Go(func() { p.serve(conn) })
		}
	})
}

// takeAway cuts all connections and refuses new ones.
func (p *proxy) takeAway() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		return
	}
	_ = p.listener.Close()
	p.listener = nil
	for conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	if !p.track(client, server) {
		return
	}

	p.serving.Go(func() {
		_, _ = io.Copy(held{p, server}, client)
		_ = server.Close()
	})
	_, _ = io.Copy(held{p, client}, server)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, client)
	delete(p.conns, server)
}

// track reports whether the connection was made in time.
func (p *proxy) track(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.conns[conn] = true
	}
	return p.listener != nil
}
