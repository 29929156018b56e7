package normalize_test

import (
	"fmt"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/normalize"
)

func Example() {
	_, err := hash.New(hash.Config{Normalize: normalize.NFKC})
	fmt.Println(err)
	fmt.Println(
		len(normalize.NFC("a\u0308")),
		normalize.NFKC("\ufb01sh"),
		len(normalize.NFKD("\u00e4")),
	)
	fmt.Printf("%q\n", normalize.NFKC("invalid \xff stays"))
	// Output:
	// <nil>
	// 2 fish 3
	// "invalid \xff stays"
}
