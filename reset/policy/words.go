package policy

import (
	_ "embed" // For the list of common passwords.
	"strings"
	"unicode"
	"unicode/utf8"
)

// commonText is common.txt, which was written for this package. Its licence is
// in its first lines.
//
//go:embed common.txt
var commonText string

// wordList holds folded words.
type wordList [][]rune

const (
	// minWord is the least length of a word in code points.
	minWord = 3
	// maxAffix is how many digits, blanks and marks between and around known
	// words do not make a password of its own.
	maxAffix = 10
	// maxGuessed bounds the work. A longer password is no simple variant.
	maxGuessed = 128
)

func commonWords() wordList {
	var list []string
	for line := range strings.Lines(commonText) {
		if !strings.HasPrefix(line, "#") {
			list = append(list, strings.Fields(line)...)
		}
	}
	return newWordList(list)
}

// newWordList folds words, and takes names apart. Of "Acme Shop",
// "acme.example" or "jo.doe@mail.example" it takes the whole, and each run of
// letters and digits.
func newWordList(words []string) wordList {
	seen := make(map[string]bool)
	var list wordList
	add := func(word string) {
		if utf8.RuneCountInString(word) >= minWord && !seen[word] {
			seen[word] = true
			list = append(list, []rune(word))
		}
	}

	for _, word := range words {
		// Names come from users. A huge one is not worth comparing.
		if len(word) > maxBytes {
			continue
		}
		word = strings.ToLower(word)
		add(word)
		for part := range strings.FieldsFuncSeq(word, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			add(part)
		}
	}

	return list
}

// makes reports whether password is nothing but words of the list and a few
// digits, blanks and marks. A word inside of anything else does no harm, and
// digits alone are not judged here.
func (list wordList) makes(password string) bool {
	text := []rune(password)
	if len(text) > maxGuessed || len(list) == 0 {
		return false
	}

	// affixes[i] is the least number of other characters with which text[:i]
	// is made, or -1.
	affixes := make([]int, len(text)+1)
	for i := range affixes {
		affixes[i] = -1
	}
	affixes[0] = 0
	reach := func(i, cost int) {
		if cost <= maxAffix && (affixes[i] < 0 || cost < affixes[i]) {
			affixes[i] = cost
		}
	}

	for i := range text {
		if affixes[i] < 0 {
			continue
		}
		if r := text[i]; unicode.IsDigit(r) || unicode.IsPunct(r) ||
			unicode.IsSymbol(r) || unicode.IsSpace(r) {
			reach(i+1, affixes[i]+1)
		}
		for _, word := range list {
			if startsLike(text[i:], word) {
				reach(i+len(word), affixes[i])
			}
		}
	}

	// Equal would mean that no word was needed.
	return affixes[len(text)] >= 0 && affixes[len(text)] < len(text)
}

// startsLike reports whether text starts with word, in letters or in the digits
// and marks that people put for letters.
func startsLike(text, word []rune) bool {
	if len(text) < len(word) {
		return false
	}
	for i, r := range word {
		if text[i] != r && lookalike(text[i]) != r {
			return false
		}
	}
	return true
}

// lookalike returns the letter that r is put for, or r.
func lookalike(r rune) rune {
	switch r {
	case '@', '4':
		return 'a'
	case '3':
		return 'e'
	case '1', '!':
		return 'i'
	case '0':
		return 'o'
	case '$', '5':
		return 's'
	case '7':
		return 't'
	}

	return r
}

// tracks are what fingers run along. They are the alphabet, the digits, the
// rows of common keyboards, and their columns.
var tracks = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890",
	"1234567890qwertyuiopasdfghjklzxcvbnm",
	"qwertyuiopasdfghjklzxcvbnm", "qwertyuiop", "asdfghjkl", "zxcvbnm",
	"qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm",
	"1q2w3e4r5t6y7u8i9o0p", "!@#$%^&*()",
}

// patterned reports whether password is one short piece over and over, or a
// run along a track in either direction.
func patterned(password string) bool {
	text := []rune(password)
	if len(text) == 0 || len(text) > maxGuessed {
		return false
	}

	for size := 1; size <= 4 && size < len(text); size++ {
		repeats := true
		for i := size; i < len(text) && repeats; i++ {
			repeats = text[i] == text[i-size]
		}
		if repeats {
			return true
		}
	}

	back := reversed(text)
	for _, track := range tracks {
		around := strings.Repeat(track, 2+len(password)/len(track))
		if strings.Contains(around, password) ||
			strings.Contains(around, back) {
			return true
		}
	}
	return false
}

func reversed(text []rune) string {
	out := make([]rune, len(text))
	for i, r := range text {
		out[len(text)-1-i] = r
	}
	return string(out)
}
