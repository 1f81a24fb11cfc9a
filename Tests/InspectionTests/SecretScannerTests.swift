import Domain
import Testing

@testable import Inspection

@Suite struct SecretScannerTests {
  private static let random = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7k"

  private static func found(_ text: String, numbersAreData: Bool = false) -> [String] {
    var scanner = SecretScanner(numbersAreData: numbersAreData)
    let bytes = Array(text.utf8)
    scanner.scan(bytes.span, base: 0)
    return scanner.hits.map(\.what)
  }

  @Test func `tokens are told by their prefix, length and variety`() {
    #expect(Self.found("x ghp_\(Self.random.prefix(36)) y") == ["a GitHub token"])
    #expect(Self.found("hf_\(Self.random.prefix(34))") == ["a Hugging Face token"])
    #expect(Self.found("AKIAZ7QW3ERT5YUI9OP2") == ["an AWS access key"])
    #expect(Self.found("ghp_\(String(repeating: "x", count: 36))").isEmpty)
    #expect(Self.found("AKIAIOSFODNN7EXAMPLE").isEmpty)
  }

  @Test func `a key block counts where there is a key in it`() {
    let begin = "-----BEGIN " + "PRIVATE KEY-----"
    #expect(Self.found("\(begin)\\n\(Self.random)\\n-----END PRIVATE KEY-----") == ["a private key"])
    #expect(Self.found("files that begin with \(begin) are keys").isEmpty)
  }

  @Test func `e-mail addresses are, examples and files are not`() {
    #expect(Self.found("mail jane.doe@some-corp.com.") == ["an e-mail address"])
    for text in ["a@b", "x@example.com", "git@github.com:a/b", "icon@2x.png", "@app.route", "name@1.2.3"] {
      #expect(Self.found(text).isEmpty, "\(text)")
    }
  }

  @Test func `passwords count where they look like one`() {
    #expect(Self.found("db_password = 'Zk3vQ9xLp2!m'") == ["a value for 'db_password'"])
    for text in [
      "password: ${PASSWORD}", "api_key = your-key-here", "secret: 12345678", "\"bos_token\": \"<|begin|>\"",
    ] {
      #expect(Self.found(text).isEmpty, "\(text)")
    }
  }

  @Test func `card numbers and accounts are checked by their digits`() {
    #expect(Self.found("card 4111 1111 1111 1111") == ["a card number"])
    #expect(Self.found("card 4111 1111 1111 1112").isEmpty)
    #expect(Self.found("[4111111111111111, 5]", numbersAreData: true).isEmpty)
    #expect(Self.found("[\"4111111111111111\"]", numbersAreData: true) == ["a card number"])
    #expect(Self.found("0.4111111111111111").isEmpty)
    #expect(Self.found("DE89370400440532013000") == ["an IBAN"])
    #expect(Self.found("DE88370400440532013000").isEmpty)
  }

  @Test func `a kind is counted once, with the place of the first and no more than its beginning`() {
    var scanner = SecretScanner()
    let bytes = Array("a.b@corp.com, c.d@corp.com".utf8)
    scanner.scan(bytes.span, base: 100)
    let finding = scanner.findings(in: Subject(bytes: [], member: "", depth: 0)).first
    #expect(finding?.message == "found an e-mail address: 'a.b@…' of 12 characters, the first of 2")
    #expect(finding?.offset == 100)
  }

  @Test func `an address with a password in it is no e-mail address`() {
    #expect(Self.found("postgres://ml:Tr0ub4dor@db.corp.com/x") == ["a password in an address"])
    #expect(Self.found("https://user:${TOKEN}@host/x").isEmpty)
  }
}
