import Artifacts
import Domain

extension InspectionWalk {
  /// Says which secrets stand in some text of a subject, each kind once.
  ///
  /// `base` is the offset of the text in the subject. `numbersAreData` says that digits between commas are no card
  /// numbers.
  mutating func reportSecrets(
    in bytes: ArraySlice<UInt8>, at base: Int = 0, of subject: Subject, numbersAreData: Bool = false
  ) {
    var scanner = SecretScanner(numbersAreData: numbersAreData)
    scanner.scan(bytes.span, base: base)
    report(scanner.findings(in: subject))
  }
}

extension SecretScanner {
  /// The hits as findings; the values themselves are never shown.
  func findings(in subject: Subject) -> [Finding] {
    hits.map { hit in
      let more = hit.count == 1 ? "" : ", the first of \(hit.count)"
      return rule(of: hit).finding(
        "found \(hit.what): '\(hit.beginning.escaped(limit: 4))…' of \(hit.length) characters\(more)",
        member: subject.member, offset: hit.offset)
    }
  }

  private func rule(of hit: Hit) -> Rule {
    switch hit.rule {
    case .key: .secretKey
    case .token: .secretToken
    case .password: .secretPassword
    case .connection: .secretConnection
    case .email: .secretEmail
    case .card: .secretCard
    case .account: .secretAccount
    }
  }
}

/// Looks for secrets in the strings of a pickle: vocabularies, categories, attributes.
enum SecretsCheck: DocumentCheck {
  static func findings(of document: PickleDocument, in subject: Subject) -> [Finding] {
    var scanner = SecretScanner()
    for index in document.values.indices {
      if let text = document.values.utf8(at: index) {
        // Shorter than any secret there is.
        guard text.count >= 6 else { continue }
        scanner.scan(text.span, base: document.offset(of: ValueID(index: index)))
        continue
      }
      guard document.values.isDictionary(at: index) else { continue }
      for pair in document.values.pairs(at: index) {
        guard let value = document.values.utf8(at: pair.value.index), value.count >= 8,
          document.values.utf8(at: pair.key.index) != nil, case .string(let name) = document[pair.key],
          SecretShapes.isSecret(name: name), SecretShapes.isValue(value.span, 0..<value.count),
          case .string(let text) = document[pair.value]
        else { continue }
        scanner.addPassword(named: name.escaped(limit: 40), text, at: document.offset(of: pair.value))
      }
    }
    return scanner.findings(in: subject)
  }
}
