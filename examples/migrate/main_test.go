package main

import (
	"bytes"
	"context"
	"database/sql"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden file anew")

func TestCountsATableOfManyOrigins(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "users.db")
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.ExecContext(t.Context(),
		"CREATE TABLE members (id INTEGER PRIMARY KEY, secret TEXT)")
	require.NoError(t, err)
	add := func(times int, stored any) {
		for range times {
			_, err := db.ExecContext(t.Context(),
				"INSERT INTO members (secret) VALUES (?)", stored)
			require.NoError(t, err)
		}
	}
	add(9,
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$iqbHhgtqJMWWf23kIatRWniYNRyhFWif/l6I+m/2Exw")
	add(8,
		"pbkdf2_sha256$1000000$BSevA7vvJCnfpTbuPnQHSL$rzw39Hw+WgJ3Jp043Iy36Dorkv5dY62dVzJPsgvA0uY=")
	add(7, "$2y$10$cwj7Ti8RIhnoJ.y9pPLTYeNKTQdKsR9H.LvB8WB8N7Al4DTL11XCi")
	add(6,
		"scrypt:32768:8:1$bGvcAgyqXI8y2QLH$07ec017e2b8be3e985281c69bf4a06343f62ee2f43a6137fd3e2ad0ef0d5f644e641c485df94121d2a6d86d54f93794d0a83947423bcddc942e3c438f21ba1bf")
	add(5,
		"$argon2id$v=19$m=65536,p=4,t=3$Srct72C6FqjyBRAJg3vbyQ$oaUYcF6G3+sVH3btj+7ox8gUY/5lX9dewTt+3WM1EsA")
	add(4,
		"AQAAAAIAAYagAAAAEBsN1Y3O2D92sjX15KmOn54Xrs1VpLwTkxNYrrJaZ+3tatt6YLwQLIITuwyQE8QqTQ==")
	add(3, "$P$BK9x6p/MnQPHL8yRAPznMyM0u8Nh3o/")
	add(3, "$wp$2y$10$0xnF.mgn3AwJv9NQKVcvLePkbM5Nk4PlJsXYT.Kq9sX0lirtZbOVe")
	add(2,
		"$6$rounds=656000$59uXuhmWrkLEAQW1$b4BrBEe/v9qUesXymhzSnFIOPv1gRlL99GCaKBX7lSI6v.mvos0GeL.cw600ZFWf3AuJT9LCPLK4Lgi9lqGRB.")
	add(2,
		"$bcrypt-sha256$v=2,t=2b,r=10$MrnbhmaWXQg/2KT/MQP9au$KWDRbOqzfoACU22MfQLoFNkHwCyviqi")
	add(2,
		"{scrypt}$e0801$frwGzQY/6vCwaH54EihV+oEje1VFtVIPtWTNi1P69/79Y7O7qY5m94wOGDqNr7kl6uJF//AjhoCWqETCXU2mIg==$706azDQE9CdnyWOwjxmIlr9REbhyzpIGL8VNDiMTCBo=")
	add(2,
		"c0240f0b4e2aa01cfbc771c4f4a78a9e:efed4baea2ae753c746b966b187cf900f1a0e38cd1c2866db30d96a4c7a4e7560fccd5571492b1574b42a34bd1bb1bfbb6a35e9e398016012589aba773032ed6")
	add(2, nil)
	add(1, "!9QF0rHZAGoB0XCNIG0KmJFXlCShkejMkSkN7eR34")
	add(1,
		"argon2$argon2id$v=19$m=102400,t=2,p=8$NHg5QU1xNzI1R0tKbnVoNzh2RnlJRg$Tg3K2E34G+AiwAb/3i9hRw")
	add(1,
		"$argon2d$v=19$m=1024,t=2,p=2$l9I6B2BsTYkRorT2/n8PYQ$pwJsn1AotaPU7ABfRGsjkQ")
	add(1,
		"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$iqbHhgtqJMWWf23kIatRWniYNRyhFWif/l6I+m/2Exw")
	add(1, "$2b$10$cut short")
	add(1, "5f4dcc3b5aa765d61d8327deb882cf99")
	add(3, "$1$abcdefgh$4/U5.w6NPtLkJ2WyrTwm91")
	add(1, "$apr1$fGfmfbuv$wUw1NzJqTmPG38AkhU9fN.")
	add(2, "{SSHA}9KDjHHZ0+l6o33onu7kRBPsodJG1FsK4")
	add(1,
		"$y$j9T$RsqIWvVJUgZbnOBah1JEc/$dsuChvN6DaOu4BgHlc96yLrB7YbepRGoxt8Kgt.zAr5")
	add(1, "disabled")

	var out bytes.Buffer
	require.NoError(t,
		run(t.Context(),
			[]string{"-dsn", file, "-table", "members", "-column", "secret"},
			&out))
	const golden = "testdata/output.txt"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
	require.NotContains(t, out.String(), "5f4dcc3b",
		"nothing of a stored string is printed")
}

func TestRefusesNamesThatAreMoreThanNames(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{}, {"-dsn", "x", "-table", "users; DROP TABLE users"}, {"-dsn", "x", "-column", "a, b"}, {"-dsn", "x", "-column", ""},
	} {
		require.Error(t, run(context.Background(), args, &bytes.Buffer{}))
	}
}
