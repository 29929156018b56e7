-- name: byEmail :many
SELECT id::text, email, COALESCE(password_hash, '')::text AS password_hash,
	session_version::text AS stamp, name AS label, locale, disabled
FROM users WHERE lower(email) = lower(@email);

-- name: byID :one
SELECT id::text, email, COALESCE(password_hash, '')::text AS password_hash,
	session_version::text AS stamp, name AS label, locale, disabled
FROM users WHERE id = @id;

-- name: replaceHash :execrows
UPDATE users SET password_hash = @encoded::text
WHERE id = @id AND COALESCE(password_hash, '') = @old::text
	AND email = @email AND session_version::text = @stamp::text AND NOT disabled;

-- name: endSessions :exec
DELETE FROM sessions WHERE user_id = @user_id;
