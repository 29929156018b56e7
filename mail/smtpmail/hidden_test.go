package smtpmail_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail/smtpmail"
)

// texts collects every text that can be reached from a value without calling
// anything, unexported fields and pointers included, as printers of values do.
func texts(v reflect.Value, seen map[any]bool, found *[]string) {
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
		texts(v.Elem(), seen, found)

	case reflect.Struct:
		for i := range v.NumField() {
			texts(v.Field(i), seen, found)
		}

	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			*found = append(*found, string(v.Bytes()))
			return
		}
		for i := range v.Len() {
			texts(v.Index(i), seen, found)
		}

	case reflect.Map:
		for _, key := range v.MapKeys() {
			texts(key, seen, found)
			texts(v.MapIndex(key), seen, found)
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

	for _, mailer := range []*smtpmail.Mailer{m, byField} {
		var found []string
		texts(reflect.ValueOf(mailer), map[any]bool{}, &found)
		require.Contains(t, found,
			map[bool]string{true: "localhost", false: "smtp.example"}[mailer == m])
		for _, text := range found {
			require.False(t, strings.Contains(text, testPassword), "the password")
			require.False(t, strings.Contains(text, testUser), "the user name")
		}
	}
}
