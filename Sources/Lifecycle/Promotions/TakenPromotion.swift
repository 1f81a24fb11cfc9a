import Domain
import Encoding
import Gates
import Provenance
import Statements

/// What another platform said of a version that is taken over from it, verified.
struct TakenPromotion: Sendable {
  /// What it says.
  let promotion: Promotion
  /// The blob of the signed statement.
  let statement: Digest
  /// The hint of the key that signed it.
  let key: String

  /// Verifies the statement that a push names: by a key that is trusted, for this environment, of this model and these bytes.
  ///
  /// Throws as refusals what is wrong with it.
  init(
    _ bytes: [UInt8], _ statement: Digest, of artifact: Digest, as name: ModelName, in here: EnvironmentName?,
    trusting keys: [SealVerificationKey], now: Timestamp
  ) throws(Problem) {
    do throws(Problem) {
      let signed = try SignedStatement(verifying: bytes, trusting: keys)
      promotion = try Promotion(signed.statement)
      key = signed.key.hint
    } catch {
      throw Problem(
        .refused, error.code, error.message, subject: name.description, position: error.position,
        hint: error.code == "statement.untrusted-key"
          ? "have an administrator trust the key of the other platform with 'gatehouse seal-keys trust FILE'"
          : error.hint, cause: error.cause)
    }
    self.statement = statement
    guard let here else { throw Problem.noEnvironment }
    guard promotion.to == here else {
      throw Self.refused(
        "for-another",
        "expected a promotion to \(here), which this platform is, found one to \(promotion.to)", name)
    }
    guard promotion.from != here else {
      throw Self.refused(
        "from-here", "expected a promotion from another environment, found one from \(here)", name)
    }
    guard promotion.version.name == name else {
      throw Self.refused(
        "another-name", "expected a promotion of '\(name)', found one of '\(promotion.version)'", name)
    }
    guard promotion.artifact == artifact else {
      throw Self.refused(
        "another-artifact",
        "expected the promotion of the artifact \(artifact.short), found one of \(promotion.artifact.short)",
        name)
    }
    // Clocks differ by a little; what is of tomorrow would count as new for a day longer.
    let ahead = promotion.promotedAt.milliseconds.subtractingReportingOverflow(now.milliseconds)
    guard !ahead.overflow, ahead.partialValue <= Self.clockTolerance else {
      throw Self.refused(
        "time", "expected a promotion of the past, found one of \(promotion.promotedAt) at \(now)", name)
    }
  }

  /// How far another platform's clock may be ahead, in milliseconds.
  private static let clockTolerance: Int64 = 300_000

  /// The record of it, for the version here.
  func record(of version: VersionReference, at moment: Timestamp) -> PromotionRecord {
    PromotionRecord(
      version: version, statement: statement, from: promotion.from, source: promotion.version, key: key,
      promotedAt: promotion.promotedAt, servedFor: promotion.servedFor, at: moment)
  }

  /// What gates go by before there is a version.
  var evidence: PromotionEvidence {
    PromotionEvidence(
      from: promotion.from, key: key, at: promotion.promotedAt, servedFor: promotion.servedFor)
  }

  /// What the ledger says of it.
  var details: JSON {
    [
      "from": .string(promotion.from.description), "source": .string(promotion.version.description),
      "statement": .string(statement.description), "key": .string(key),
    ]
  }

  private static func refused(_ code: String, _ message: String, _ name: ModelName) -> Problem {
    Problem(
      .refused, "promotion.\(code)", message, subject: name.description,
      hint: "promote it again, for here: 'gatehouse promote \(name) --to URL'")
  }
}
