// Spring's own password encoders, asked line by line. Fields are separated by
// tabs. The first is the encoder: "bcrypt 10", "argon2 19456 2", "pbkdf2".
//
//	encoder, password        answers a new row
//	encoder, password, row   answers matches and upgradeEncoding

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.Map;

import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.DelegatingPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.crypto.password.Pbkdf2PasswordEncoder;

public class Spring {
	public static void main(String[] args) throws Exception {
		var in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
		var out = new PrintStream(System.out, true, "UTF-8");

		for (String line; (line = in.readLine()) != null;) {
			String[] fields = line.split("\t");
			PasswordEncoder encoder = encoder(fields[0].split(" "));
			if (fields.length == 2) {
				out.println(encoder.encode(fields[1]));
				continue;
			}
			out.println(encoder.matches(fields[1], fields[2]) + " "
					+ encoder.upgradeEncoding(fields[2]));
		}
	}

	// As an application configures it that has one encoder for new rows.
	static PasswordEncoder encoder(String[] words) {
		String id = words[0] + "@SpringSecurity_v5_8";
		PasswordEncoder one = switch (words[0]) {
			case "bcrypt" -> {
				id = "bcrypt";
				yield new BCryptPasswordEncoder(Integer.parseInt(words[1]));
			}
			case "argon2" -> new Argon2PasswordEncoder(16, 32, 1,
					Integer.parseInt(words[1]), Integer.parseInt(words[2]));
			case "pbkdf2" ->
				Pbkdf2PasswordEncoder.defaultsForSpringSecurity_v5_8();
			default -> throw new IllegalArgumentException(words[0]);
		};
		return new DelegatingPasswordEncoder(id, Map.of(id, one));
	}
}
