import Domain
import Encoding

// Keys of seals and what was revoked, as the details of an entry carry it; see `LedgerAccounting.swift`.

extension SealKey {
  /// The key as a change.
  var change: JSON {
    [
      "change": "add-seal-key", "hint": .string(hint), "pem": .string(pem), "curve": .string(curve),
      "own": .bool(isOwn), "state": .string(state.rawValue), "at": .integer(addedAt.milliseconds),
    ]
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let hint = members.text("hint"), let pem = members.text("pem"), let curve = members.text("curve"),
      let isOwn = members.json["own"]?.bool, let state = members.text("state").flatMap(State.init(rawValue:))
    else { return nil }
    self.init(hint: hint, pem: pem, curve: curve, isOwn: isOwn, addedAt: moment, state: state)
  }
}

extension SealKeyChange {
  /// The change as an entry carries it.
  var change: JSON {
    [
      "change": "set-seal-key", "hint": .string(hint), "state": .string(state.rawValue),
      "reason": reason.map { .string($0) } ?? .null, "at": .integer(moment.milliseconds),
    ]
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let hint = members.text("hint"),
      let state = members.text("state").flatMap(SealKey.State.init(rawValue:))
    else { return nil }
    self.init(hint: hint, state: state, reason: members.text("reason"), moment: moment)
  }
}

extension Revocations.Version {
  /// The revocation as a change.
  var change: JSON {
    [
      "change": "revoke-version", "name": .string(reference.name.description),
      "version": JSON(reference.version.value), "bundle": .string(bundle.description),
      "reason": .string(reason), "at": .integer(since.milliseconds),
    ]
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let name = members.name("name"), let version = members.version("version"),
      let bundle = members.digest("bundle"), let reason = members.text("reason")
    else { return nil }
    self.init(
      reference: VersionReference(name: name, version: version), bundle: bundle, since: moment, reason: reason
    )
  }
}
