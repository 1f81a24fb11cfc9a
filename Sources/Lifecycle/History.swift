public import Domain
import Encoding

/// One move of a deployment, as the ledger holds it.
public struct ServedSince: Equatable, Sendable {
  /// Since when.
  public let time: Timestamp
  /// Which version.
  public let version: VersionReference
  /// The digest of its bundle.
  public let bundle: Digest
  /// Who moved it there.
  public let principal: Principal
  /// The place of the entry in the ledger.
  public let position: Int
}

/// Answers "what served when" from the ledger alone.
public struct History: Sendable {
  private let ledger: any LedgerReader

  /// Reads this ledger.
  public init(ledger: any LedgerReader) {
    self.ledger = ledger
  }

  /// Every move of the deployment, oldest first; with `moment`, only the one that was in force then.
  public func callAsFunction(of name: ModelName, at moment: Timestamp? = nil) async throws(Problem)
    -> [ServedSince]
  {
    var moves: [ServedSince] = []
    var position = 0
    while true {
      let page = try await ledger.entryBytes(from: position, count: 1000)
      for bytes in page {
        if let move = Self.move(of: name, bytes, position) { moves.append(move) }
        position += 1
      }
      if page.isEmpty { break }
    }
    guard let moment else { return moves }
    return moves.last { $0.time <= moment }.map { [$0] } ?? []
  }

  private static func move(of name: ModelName, _ bytes: [UInt8], _ position: Int) -> ServedSince? {
    guard let json = try? JSON(parsing: bytes), let entry = LedgerEntry(json: json),
      entry.act == .rollOut, entry.phase == .done,
      let reference = try? VersionReference(parsing: entry.subject), reference.name == name,
      let bundle = entry.details["bundle"]?.string.flatMap({ try? Digest(parsing: $0) })
    else { return nil }
    return ServedSince(
      time: entry.time, version: reference, bundle: bundle, principal: entry.principal,
      position: position)
  }
}
