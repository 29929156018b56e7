<?php
// Prints rows of the vector file with PHP, or checks ours ("check").
const PHRASE = 'correct horse battery staple';
const ACCENTS = "p\u{e4}ssw\u{f6}rd\u{2713}";

function row(string $reader, string $scheme, string $detail, string $password, string $stored): void
{
    $text = json_encode($password, JSON_UNESCAPED_SLASHES);
    echo implode("\t", [$reader, $scheme, 'php ' . PHP_VERSION, $detail, $text, $stored]), "\n";
}

if (($argv[1] ?? '') === 'check') {
    while (($line = fgets(STDIN)) !== false) {
        [$kind, $password, $stored] = explode("\t", rtrim($line, "\n"));
        if ($kind === 'pbkdf2-sha256') {
            continue; // password_verify has no PBKDF2
        }
        $password = json_decode($password);
        if (!password_verify($password, $stored) || password_verify($password . 'x', $stored)) {
            fwrite(STDERR, "php refuses our $kind\n");
            exit(1);
        }
    }
    echo 'php ', PHP_VERSION, " agrees\n";
    exit(0);
}

row('all', 'bcrypt', 'password_hash bcrypt cost=10', PHRASE, password_hash(PHRASE, PASSWORD_BCRYPT, ['cost' => 10]));
row('all', 'bcrypt', 'password_hash bcrypt cost=12', PHRASE, password_hash(PHRASE, PASSWORD_BCRYPT, ['cost' => 12]));
row('all', 'bcrypt', 'password_hash bcrypt', ACCENTS, password_hash(ACCENTS, PASSWORD_BCRYPT, ['cost' => 4]));
row('all', 'argon2id', 'password_hash argon2id default', PHRASE, password_hash(PHRASE, PASSWORD_ARGON2ID));
row('all', 'argon2id', 'password_hash argon2id', ACCENTS, password_hash(ACCENTS, PASSWORD_ARGON2ID, ['memory_cost' => 1024, 'time_cost' => 2]));
row('all', 'argon2i', 'password_hash argon2i default', PHRASE, password_hash(PHRASE, PASSWORD_ARGON2I));
row('all', 'sha512-crypt', 'crypt $6$rounds=5000$', PHRASE, crypt(PHRASE, '$6$rounds=5000$saltsaltsaltsalt$'));
row('all', 'sha512-crypt', 'crypt $6$', ACCENTS, crypt(ACCENTS, '$6$short$'));
row('all', 'sha256-crypt', 'crypt $5$', PHRASE, crypt(PHRASE, '$5$abcdefghijklmnop$'));
row('all', 'bcrypt', 'bcrypt reads 72 bytes', str_repeat('a', 72) . 'OTHER', password_hash(str_repeat('a', 72) . 'TAIL', PASSWORD_BCRYPT, ['cost' => 4]));

// As WordPress 6.8 describes its own format; WordPress itself is not run here.
$made = base64_encode(hash_hmac('sha384', trim(' ' . PHRASE . "\n"), 'wp-sha384', true));
row('all', 'wordpress', 'WordPress 6.8 construction', PHRASE, '$wp' . password_hash($made, PASSWORD_BCRYPT, ['cost' => 10]));
