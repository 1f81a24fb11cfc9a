/// Looks for keys, tokens, passwords and personal data in text, in one pass.
///
/// Each kind has one character that is rare in ordinary text; only where that stands does anything look closer, so
/// that a vocabulary of 200,000 words costs little more than reading it.
struct SecretScanner {
  /// One kind of secret that was found.
  struct Hit {
    /// Which rule it is for.
    let rule: SecretRule
    /// What it is, in words with an article.
    let what: String
    /// Where the first stands.
    let offset: Int
    /// Its first four characters.
    let beginning: String
    /// How many characters it has.
    let length: Int
    /// How many there are.
    var count: Int
  }

  /// The rules that a hit may be for.
  enum SecretRule: Hashable {
    case key
    case token
    case password
    case connection
    case email
    case card
    case account
  }

  /// Whether digits between commas and brackets are data, as in JSON, and no card numbers.
  let numbersAreData: Bool
  /// What was found, by kind in the order of the first of each.
  private(set) var hits: [Hit] = []
  private static let assignmentLimit = 20_000
  private var assignments = 0

  init(numbersAreData: Bool = false) {
    self.numbersAreData = numbersAreData
  }

  /// Looks through text whose first byte stands at `base`.
  mutating func scan(_ bytes: Span<UInt8>, base: Int) {
    let triggers = Self.triggers
    var index = 0
    let end = bytes.count
    while index < end {
      let byte = bytes[index]
      guard triggers[Int(byte)] else {
        index += 1
        continue
      }
      index = look(bytes, at: index, byte, base: base)
    }
  }

  private static let triggers: [Bool] = {
    var table = [Bool](repeating: false, count: 256)
    for character in "@-_IJ=:0123456789".utf8 { table[Int(character)] = true }
    return table
  }()

  /// Looks closer at a place; returns where to go on.
  private mutating func look(_ bytes: Span<UInt8>, at index: Int, _ byte: UInt8, base: Int) -> Int {
    switch byte {
    case UInt8(ascii: "@"):
      if let range = SecretShapes.credentials(bytes, at: index) {
        add(.connection, "a password in an address", bytes, range, base)
      } else if let range = SecretShapes.email(bytes, at: index) {
        add(.email, "an e-mail address", bytes, range, base)
      }
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "I"):
      if byte == UInt8(ascii: "-"), let range = SecretShapes.privateKey(bytes, at: index) {
        add(.key, "a private key", bytes, range, base)
        return range.upperBound
      } else if let (what, range) = SecretTokens.token(bytes, at: index, byte) {
        add(.token, what, bytes, range, base)
      }
    case UInt8(ascii: "J"):
      if let range = SecretShapes.webToken(bytes, at: index) {
        add(.token, "a JSON web token", bytes, range, base)
      }
    case UInt8(ascii: "="), UInt8(ascii: ":"):
      guard assignments < Self.assignmentLimit, let (name, range) = SecretShapes.assignment(bytes, at: index)
      else { break }
      // What looks like a value is read again and again where somebody repeats the name in it.
      assignments += 1
      if SecretShapes.isValue(bytes, range) {
        add(.password, "a value for '\(name)'", bytes, range, base)
      }
    default:
      // Digits: only where a run of them begins.
      guard index == 0 || !SecretShapes.isDigit(bytes[index - 1]) else { break }
      if let range = SecretNumbers.card(bytes, at: index, numbersAreData: numbersAreData) {
        add(.card, "a card number", bytes, range, base)
      } else if let range = SecretNumbers.account(bytes, at: index) {
        add(.account, "an IBAN", bytes, range, base)
      }
    }
    return index + 1
  }

  /// Counts a value that its name gave away.
  mutating func addPassword(named name: String, _ value: String, at offset: Int) {
    add(
      Hit(
        rule: .password, what: "a value for '\(name)'", offset: offset, beginning: String(value.prefix(4)),
        length: value.count, count: 1))
  }

  private mutating func add(
    _ rule: SecretRule, _ what: String, _ bytes: Span<UInt8>, _ range: Range<Int>, _ base: Int
  ) {
    var beginning = ""
    for index in range.lowerBound..<min(range.upperBound, range.lowerBound + 4) {
      beginning.unicodeScalars.append(Unicode.Scalar(bytes[index]))
    }
    add(
      Hit(
        rule: rule, what: what, offset: base + range.lowerBound, beginning: beginning, length: range.count,
        count: 1))
  }

  private mutating func add(_ hit: Hit) {
    if let index = hits.firstIndex(where: { $0.rule == hit.rule && $0.what == hit.what }) {
      hits[index].count += 1
    } else if hits.count < 64 {
      hits.append(hit)
    }
  }
}
