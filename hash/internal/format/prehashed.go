package format

// Prehashed passes the shaped password on to Inner.
type Prehashed struct {
	Label string
	Inner Scheme
	Shape func(string) string
}

// Name returns Label.
func (p *Prehashed) Name() string { return p.Label }

// Identify reports what Inner does.
func (p *Prehashed) Identify(encoded string) bool {
	return p.Inner.Identify(encoded)
}

// Example returns Inner's, or nothing.
func (p *Prehashed) Example() string {
	if ex, ok := p.Inner.(exampler); ok {
		return ex.Example()
	}
	return ""
}

// Parse reads what Inner reads, and shapes the password first.
func (p *Prehashed) Parse(encoded string, bounds Bounds) (Record, error) {
	rec, err := p.Inner.Parse(encoded, bounds)
	if err != nil {
		return Record{}, err
	}
	rec.Scheme = p.Label
	return shaped(rec, p.Shape), nil
}

// shaped puts shape before rec's check. The cap on the password's length then
// is about what shape returns.
func shaped(rec Record, shape func(string) string) Record {
	check, limit := rec.Check, rec.MaxPassword
	rec.MaxPassword = 0
	rec.Check = func(password string) (bool, error) {
		password = shape(password)
		if len(password) > MaxPassword ||
			limit > 0 && len(password) > limit {
			return false, nil
		}
		return check(password)
	}
	return rec
}
