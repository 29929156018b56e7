package smtpmail_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/stretchr/testify/require"
)

// reachable collects every text that can be reached from a value without
// calling anything, unexported fields and pointers included, as printers of
// values do.
func reachable(v reflect.Value, seen map[any]bool, found *[]string) {
	switch v.Kind() {
	case reflect.String:
		*found = append(*found, v.String())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return
		}
		if v.Kind() == reflect.Pointer {
			at := [2]any{v.UnsafePointer(), v.Type()}
			if seen[at] {
				return
			}
			seen[at] = true
		}
		reachable(v.Elem(), seen, found)

	case reflect.Struct:
		for i := range v.NumField() {
			reachable(v.Field(i), seen, found)
		}

	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice &&
			v.Type().Elem().Kind() == reflect.Uint8 {
			*found = append(*found, string(v.Bytes()))
			return
		}
		for i := range v.Len() {
			reachable(v.Index(i), seen, found)
		}

	case reflect.Map:
		for _, key := range v.MapKeys() {
			reachable(key, seen, found)
			reachable(v.MapIndex(key), seen, found)
		}
	}
}

// A printer that follows pointers, or a struct around the Mailer, must not come
// upon the credentials.
func TestNothingReachableFromAMailerHoldsCredentials(t *testing.T) {
	t.Parallel()
	s := &server{}
	m := client(t, s, nil)
	byField, err := smtpmail.New(smtpmail.Config{
		Host: "smtp.example", Username: testUser, Password: testPassword,
	})
	require.NoError(t, err)
	require.NoError(t, m.Send(t.Context(), message()))

	for name, mailer := range map[string]*smtpmail.Mailer{
		"localhost": m, "smtp.example": byField,
	} {
		var found []string
		reachable(reflect.ValueOf(mailer), map[any]bool{}, &found)
		require.Contains(t, found, name, "the walk has come this far")
		for _, text := range found {
			require.False(t, strings.Contains(text, testPassword),
				"the password")
			require.False(t, strings.Contains(text, testUser), "the user name")
		}
	}
}
