import Domain

// Rules about what should not leave the house; they change no verdict, since a leak does nothing on load.
extension Rule {
  static let secrets = [
    secretKey, secretToken, secretPassword, secretConnection, secretEmail, secretCard, secretAccount,
  ]

  private static let leak = ["OWASP ML06:2023", "ATLAS AML.T0024", "CWE-312", "CWE-200"]
  private static let revoke = "revoke it where it was issued, take it out, and write the file anew"

  static let secretKey = Rule(
    "secret.key", .disclosure, .high, nil, "a private key",
    why: "Whoever gets the model gets the key.", example: "found a private key: '----…' of 1704 characters",
    remedy: revoke, leak + ["CWE-321"])
  static let secretToken = Rule(
    "secret.token", .disclosure, .high, nil, "a token of a service",
    why: "Whoever gets the model can act in its owner's name.",
    example: "found a GitHub token: 'ghp_…' of 40 characters", remedy: revoke, leak + ["CWE-798"])
  static let secretPassword = Rule(
    "secret.password", .disclosure, .medium, nil, "a password or key in plain words",
    why: "Whoever gets the model can read it.",
    example: "found a value for 'api_key': 'Zk3v…' of 32 characters",
    remedy: revoke, leak + ["CWE-798"])
  static let secretConnection = Rule(
    "secret.connection", .disclosure, .high, nil, "an address with a password in it",
    why: "Whoever gets the model gets into the service behind the address.",
    example: "found a password in an address: 'post…' of 52 characters", remedy: revoke, leak + ["CWE-798"])
  static let secretEmail = Rule(
    "secret.email", .disclosure, .low, nil, "an e-mail address",
    why: "Vocabularies of text models keep whatever the training data held, personal data too.",
    example: "found an e-mail address: 'jane…' of 20 characters",
    remedy: "take personal data out of the training data, and train anew", ["OWASP ML03:2023", "CWE-359"])
  static let secretCard = Rule(
    "secret.card", .disclosure, .medium, nil, "the number of a payment card",
    why: "Card numbers must not be kept in clear, least of all in a model.",
    example: "found a card number: '4111…' of 16 characters",
    remedy: "take personal data out of the training data, and train anew", ["OWASP ML03:2023", "CWE-359"])
  static let secretAccount = Rule(
    "secret.account", .disclosure, .medium, nil, "the number of a bank account",
    why: "An IBAN belongs to a person or a firm, and should not be in a model.",
    example: "found an IBAN: 'DE89…' of 22 characters",
    remedy: "take personal data out of the training data, and train anew", ["OWASP ML03:2023", "CWE-359"])
}
