# Prints rows of the vector file with ruby-bcrypt and Devise, or checks ours
# ("check").
require "json"
require "bcrypt"

PHRASE = "correct horse battery staple"
ACCENTS = "p\u00e4ssw\u00f6rd\u2713"

def row(*columns)
  puts columns.join("\t")
end

if ARGV == ["check"]
  $stdin.each_line(chomp: true) do |line|
    kind, password, stored = line.split("\t")
    next unless kind == "bcrypt"
    password = JSON.parse(password)
    known = BCrypt::Password.new(stored)
    abort "ruby-bcrypt refuses our bcrypt" unless known == password && known != password + "x"
  end
  puts "ruby-bcrypt #{Gem.loaded_specs["bcrypt"].version} agrees"
  exit
end

tool = "ruby-bcrypt #{Gem.loaded_specs["bcrypt"].version}"
row("all", "bcrypt", tool, "cost 11", PHRASE.to_json, BCrypt::Password.create(PHRASE, cost: 11))
row("all", "bcrypt", tool, "cost 4", ACCENTS.to_json, BCrypt::Password.create(ACCENTS, cost: 4))

require "active_support"
require "devise"
require "devise/encryptor"

Model = Struct.new(:pepper, :stretches)
tool = "devise #{Gem.loaded_specs["devise"].version}"
row("all", "bcrypt", tool, "no pepper", PHRASE.to_json, Devise::Encryptor.digest(Model.new(nil, 11), PHRASE))
row("devise:devise-pepper", "devise-bcrypt", tool, "pepper", PHRASE.to_json, Devise::Encryptor.digest(Model.new("devise-pepper", 11), PHRASE))
long = "f" * 70
row("devise:devise-pepper", "devise-bcrypt", tool, "pepper cut at 72 bytes", long.to_json, Devise::Encryptor.digest(Model.new("devise-pepper", 4), long))
