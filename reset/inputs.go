package reset

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
)

// Of what a visitor sends, the client alone is printed, logged and marshalled.

func printClient(f fmt.State, of string, client netip.Addr) {
	_, _ = fmt.Fprintf(f, "reset.%s{%s}", of, client)
}

func marshalClient(client netip.Addr) ([]byte, error) {
	return json.Marshal(struct{ Client netip.Addr }{client})
}

// Format prints the client.
func (in RequestInput) Format(f fmt.State, _ rune) {
	printClient(f, "RequestInput", in.Client)
}

// LogValue logs the client.
func (in RequestInput) LogValue() slog.Value {
	return slog.StringValue(in.Client.String())
}

// MarshalJSON writes the client.
func (in RequestInput) MarshalJSON() ([]byte, error) {
	return marshalClient(in.Client)
}

// Format prints the client.
func (in CheckInput) Format(f fmt.State, _ rune) {
	printClient(f, "CheckInput", in.Client)
}

// LogValue logs the client.
func (in CheckInput) LogValue() slog.Value {
	return slog.StringValue(in.Client.String())
}

// MarshalJSON writes the client.
func (in CheckInput) MarshalJSON() ([]byte, error) {
	return marshalClient(in.Client)
}

// Format prints the client.
func (in ConfirmInput) Format(f fmt.State, _ rune) {
	printClient(f, "ConfirmInput", in.Client)
}

// LogValue logs the client.
func (in ConfirmInput) LogValue() slog.Value {
	return slog.StringValue(in.Client.String())
}

// MarshalJSON writes the client.
func (in ConfirmInput) MarshalJSON() ([]byte, error) {
	return marshalClient(in.Client)
}

// Format prints the client.
func (in RedeemInput) Format(f fmt.State, _ rune) {
	printClient(f, "RedeemInput", in.Client)
}

// LogValue logs the client.
func (in RedeemInput) LogValue() slog.Value {
	return slog.StringValue(in.Client.String())
}

// MarshalJSON writes the client.
func (in RedeemInput) MarshalJSON() ([]byte, error) {
	return marshalClient(in.Client)
}
