import Domain
import Encoding
import Provenance

// What was revoked has to be told: to data planes by their snapshot, to images by a signed list. Both are bounded, and what
// is not told is not revoked. So the acts that make it more are refused where there would be no room to tell of it, and
// there is always room to revoke a key, which withdraws whatever it sealed; and for another to take the place of the active one
// first, until keys themselves have filled the list, thousands of them.

extension SealKeys {
  /// Makes sure that all keys could be revoked, for reasons however long, beside the versions that are, and so many keys more
  /// that nobody has made yet.
  ///
  /// Throws `revocations.full`.
  func requireRoom(
    keys: [SealKey], sparing spare: Int = 0, versions: [Revocations.Version], _ remedy: String
  ) throws(Problem) {
    guard keys.count <= limit, versions.count <= limit else {
      throw Problem(
        .conflict, "revocations.full",
        "expected at most \(limit) keys of seals and \(limit) revoked versions, found one more", hint: remedy)
    }
    // Quotes take the most room of all characters.
    let reason = String(repeating: "\"", count: RevocationReason.longest)
    // As long as a hint, and none.
    let spared = (0..<spare).map { String(repeating: "-", count: 64 - "\($0)".count) + "\($0)" }
    let revocations = Revocations(
      keys: (keys.map(\.hint) + spared).map { Revocations.Key(hint: $0, since: time.now(), reason: reason) },
      versions: versions)
    let size = RevocationList.fileSize(of: revocations, signedBy: keys.count(where: \.isOwn) + spare)
    guard size <= RevocationList.fileLimit else {
      throw Problem(
        .conflict, "revocations.full",
        "expected a signed list of at most \(RevocationList.fileLimit) bytes with this revocation, found one of up to"
          + " \(size)",
        hint: remedy)
    }
  }

  /// Makes sure that one more key can be known, and its seals be trusted.
  ///
  /// Throws `seal-key.too-many` and `revocations.full`.
  func requireRoom(for key: SealKey?, among known: [SealKey], sparing spare: Int = 0) async throws(Problem) {
    guard known.count(where: \.state.isTrusted) < Self.trustedLimit else {
      throw Problem(
        .conflict, "seal-key.too-many",
        "expected at most \(Self.trustedLimit) keys whose seals hold, found one more",
        hint: "retire one that nothing served is sealed by: 'gatehouse seal-keys retire'")
    }
    guard let key else { return }
    try requireRoom(
      keys: known + [key], sparing: spare, versions: try await registry.revokedVersions(),
      "found another platform, and push there what is in force")
  }

  /// Signs a list of all that was revoked, by every key of our own that can.
  ///
  /// More keys than a line has room for sign lines of their own, so that each key has signed all of it; the active key is
  /// among the first. Throws `revocations.full` rather than to write what no image would read.
  func signRevocations(recorder: Recorder) async throws(Problem) -> [UInt8] {
    let list = RevocationList(
      number: try await registry.checkpoint()?.size ?? 0, issuedAt: time.now(),
      revocations: try await seals.revocations())
    return try await recorder.record(.signRevocations, of: "revocations") { () async throws(Problem) in
      let parts = list.parts
      var signers: [(key: SealVerificationKey, signatures: [[UInt8]])] = []
      var silent: [String] = []
      let own = try await registry.sealKeys().filter(\.isOwn)
      for key in own.filter({ $0.state == .active }) + own.filter({ $0.state != .active }) {
        // The active key has to sign; of the others, those that still can.
        do throws(Problem) {
          let signer = try await seals.signer(for: key)
          var signatures: [[UInt8]] = []
          for part in parts { signatures.append(try await signer.sign(part.message)) }
          signers.append((signer.verificationKey, signatures))
        } catch {
          if key.state == .active { throw error }
          silent.append(key.hint)
        }
      }
      var bytes: [UInt8] = []
      for start in stride(from: 0, to: max(1, signers.count), by: RevocationList.signatureLimit) {
        let group = signers.dropFirst(start).prefix(RevocationList.signatureLimit)
        for (number, part) in parts.enumerated() {
          bytes += part.line(signatures: group.map { ($0.key, $0.signatures[number]) })
        }
      }
      guard bytes.count <= RevocationList.fileLimit else {
        throw Problem(
          .conflict, "revocations.full",
          "expected a signed list of at most \(RevocationList.fileLimit) bytes, found \(bytes.count)",
          hint:
            "the images that read the former list know of nothing since: replace them by such as trust fewer keys"
        )
      }
      return .done(
        bytes,
        details: [
          "number": JSON(list.number), "keys": JSON(list.revocations.keys.count),
          "versions": JSON(list.revocations.versions.count),
          // As many as an entry has room for.
          "unsignedBy": .array(silent.prefix(100).map { .string($0) }), "unsigned": JSON(silent.count),
        ])
    }
  }
}
