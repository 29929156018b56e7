package riverjobs

// Once is what makes jobs one.
var Once = once
