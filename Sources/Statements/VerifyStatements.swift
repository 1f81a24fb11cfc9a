public import Domain
import Encoding
public import Provenance

/// What the statements about an image say, once every one of them has been verified.
public struct VerifiedStatements: Equatable, Sendable {
  /// How the image was packed, and by whom its versions were pushed: what its signer vouches for, and no image can tell.
  public let account: PackAccount
  /// How the program was built, where the bill has it; its signer vouches for that too.
  public let build: ProgramBuild?
  /// The keys that signed.
  public let keys: Set<SealVerificationKey>
  /// How many statements there are of each kind.
  public let counts: [Statement.Kind: Int]
  /// The types of signed statements that nothing here knows; nothing of them was held against the image.
  public let others: [String]
}

/// Holds what is stated of an image against the image itself.
public enum VerifyStatements {
  /// More than any image has: two for itself, and two for each of a hundred bundles, several times over.
  public static let countLimit = 1_000

  /// Verifies signed statements of an image, which the caller has taken apart and verified.
  ///
  /// Of each: the signature by one of `keys`; that it is about this image, by its digest; and that it says what `image`
  /// says by itself. A bill, what inspection found and what the gates said are made again from the image and compared whole;
  /// of a provenance only who pushed, when, and the traces in the ledger are taken on the signer's word, and of a bill only
  /// how the program was built where `image` does not know that. What an image is called is not compared: copies have
  /// other names.
  ///
  /// Throws `statement.malformed`, `statement.untrusted-key`, `statement.bad-signature`, `statement.wrong-subject`,
  /// `statement.wrong-predicate`, `statement.missing`, `statement.contradiction`, `statement.too-many`,
  /// `program-build.malformed` or `program-build.other-program`.
  public static func verify(
    _ signed: [[UInt8]], of image: StatedImage, trusting keys: [SealVerificationKey]
  ) throws(Problem) -> VerifiedStatements {
    guard signed.count <= countLimit else {
      throw Problem(
        .integrity, "statement.too-many",
        "expected at most \(countLimit) statements about an image, found \(signed.count)")
    }
    var found = Found()
    for bytes in signed {
      let statement = try SignedStatement(verifying: bytes, trusting: keys)
      found.keys.insert(statement.key)
      try found.take(statement.statement, of: image)
    }
    return try found.complete(image)
  }

  /// What was found so far.
  private struct Found {
    var keys: Set<SealVerificationKey> = []
    private var counts: [Statement.Kind: Int] = [:]
    private var others: [String] = []
    private var account: PackAccount?
    private var build: ProgramBuild?
    private var covered: [Statement.Kind: Set<VersionReference>] = [:]
    private var inspectedAt: [VersionReference: Timestamp] = [:]

    mutating func take(_ statement: Statement, of image: StatedImage) throws(Problem) {
      guard let subject = statement.subjects.first(where: { $0.digest == image.manifest }) else {
        throw Problem(
          .integrity, "statement.wrong-subject",
          "expected a statement about the image \(image.manifest.short), found one about"
            + " \(statement.subjects.first?.digest.short ?? "nothing")",
          subject: statement.predicateType.excerpt(80))
      }
      guard let kind = statement.kind else {
        others.append(String(statement.predicateType.excerpt(200)))
        return
      }
      counts[kind, default: 0] += 1
      let predicate = DocumentNode(statement.predicate, in: .statement, at: "/predicate")
      switch kind {
      case .bill:
        var record = image.build
        if record == nil { record = try StatedImage.record(in: statement.predicate, of: image.program) }
        let expected = image.called(subject.name, build: record)
        try statement.require(expected.bill)
        build = build ?? record
      case .provenance:
        let account = try PackAccount(predicate)
        let expected = image.called(subject.name, build: nil)
        guard account.pushes.map(\.reference) == image.bundles.map(\.manifest.reference) else {
          throw Problem(
            .integrity, "statement.wrong-predicate",
            "expected the pushes of the versions in the image, found others",
            subject: kind.rawValue, position: "/predicate/buildDefinition/internalParameters/pushes")
        }
        try statement.require(try expected.provenance(account))
        self.account = self.account ?? account
      case .inspection:
        let bundle = try image.bundle(of: statement)
        let time = try predicate.member("timeCreated").time()
        try statement.require(
          try image.called(subject.name, build: nil).inspection(of: bundle, at: time))
        inspectedAt[bundle.manifest.reference] = time
        covered[kind, default: []].insert(bundle.manifest.reference)
      case .gates:
        let bundle = try image.bundle(of: statement)
        try statement.require(try image.called(subject.name, build: nil).gates(of: bundle))
        covered[kind, default: []].insert(bundle.manifest.reference)
      }
    }

    /// Every kind is there, of each bundle where it is of bundles, and provenance and inspection tell the same times.
    func complete(_ image: StatedImage) throws(Problem) -> VerifiedStatements {
      for kind in Statement.Kind.allCases where counts[kind] == nil {
        throw Self.missing(kind, of: "the image \(image.manifest.short)")
      }
      for bundle in image.bundles {
        let reference = bundle.manifest.reference
        for kind in [Statement.Kind.inspection, .gates] where covered[kind]?.contains(reference) != true {
          throw Self.missing(kind, of: reference.description)
        }
      }
      guard let account else { throw Self.missing(.provenance, of: "the image \(image.manifest.short)") }
      for push in account.pushes where inspectedAt[push.reference] != push.admittedAt {
        throw Problem(
          .integrity, "statement.contradiction",
          "expected provenance and inspection of \(push.reference) to tell one time, found \(push.admittedAt) and"
            + " \(inspectedAt[push.reference]?.description ?? "none")")
      }
      return VerifiedStatements(
        account: account, build: build, keys: keys, counts: counts, others: others.sorted())
    }

    private static func missing(_ kind: Statement.Kind, of what: String) -> Problem {
      Problem(
        .integrity, "statement.missing", "expected a statement '\(kind.rawValue)' of \(what), found none",
        hint: "pack the image again, or fetch the statements that were made with it")
    }
  }
}

extension StatedImage {
  /// The bundle that a statement is about: the one whose digest is among its subjects.
  fileprivate func bundle(of statement: Statement) throws(Problem) -> StatedBundle {
    let digests = Set(statement.subjects.map(\.digest))
    let names = Set(statement.subjects.map(\.name))
    // Two versions can be one model under two names, but for the manifest, which says its name; so digests differ.
    guard
      let bundle = bundles.first(where: {
        digests.contains($0.digest) && names.contains($0.manifest.reference.description)
      })
    else {
      throw Problem(
        .integrity, "statement.wrong-subject",
        "expected a statement about a bundle in the image, found another",
        subject: statement.predicateType)
    }
    return bundle
  }
}

extension Statement {
  /// Whether it says what it has to, to the last member.
  ///
  /// Throws `statement.wrong-subject` or `statement.wrong-predicate`, which names the first place where they differ.
  fileprivate func require(_ expected: Statement) throws(Problem) {
    guard subjects == expected.subjects else {
      throw Problem(
        .integrity, "statement.wrong-subject",
        "expected the subjects \(expected.subjects.map { "\($0.name) \($0.digest.short)" }.joined(separator: ", ")),"
          + " found \(subjects.prefix(5).map { "\($0.name.excerpt(80)) \($0.digest.short)" }.joined(separator: ", "))",
        subject: predicateType)
    }
    guard predicate.canonicalBytes != expected.predicate.canonicalBytes else { return }
    let difference = JSONDifference(expected: expected.predicate, found: predicate, at: "/predicate")
    throw Problem(
      .integrity, "statement.wrong-predicate",
      "expected \(difference.expected) as the image's own contents say, found \(difference.found)",
      subject: predicateType, position: difference.pointer)
  }
}

/// The first place, in the order of names and elements, where two values differ.
private struct JSONDifference {
  private(set) var pointer: String
  private(set) var expected: String
  private(set) var found: String

  init(expected: JSON, found: JSON, at pointer: String) {
    var (left, right, place) = (expected, found, pointer)
    // Goes down into one member at a time, so it ends as deep as the shallower of both.
    while true {
      switch (left, right) {
      case (.object(let one), .object(let other)):
        let names = Set(one.keys).union(other.keys).sorted()
        guard let name = names.first(where: { !Self.same(one[$0], other[$0]) }) else { break }
        place += "/" + name.excerpt(60)
        guard let inner = one[name], let outer = other[name] else {
          self.pointer = place
          self.expected = one[name].map(Self.words) ?? "nothing"
          self.found = other[name].map(Self.words) ?? "nothing"
          return
        }
        (left, right) = (inner, outer)
        continue
      case (.array(let one), .array(let other)) where one.count == other.count:
        guard let index = one.indices.first(where: { !Self.same(one[$0], other[$0]) }) else { break }
        place += "/\(index)"
        (left, right) = (one[index], other[index])
        continue
      case (.array(let one), .array(let other)):
        self.pointer = place
        self.expected = "\(one.count) elements"
        self.found = "\(other.count)"
        return
      default: break
      }
      break
    }
    self.pointer = place
    self.expected = Self.words(left)
    self.found = Self.words(right)
  }

  private static func same(_ left: JSON?, _ right: JSON?) -> Bool {
    left?.canonicalBytes == right?.canonicalBytes
  }

  private static func words(_ value: JSON) -> String {
    switch value {
    case .string(let text): "'\(text.excerpt(80))'"
    case .bool, .integer, .number, .null: value.canonicalText
    case .array, .object: value.kind
    }
  }
}
