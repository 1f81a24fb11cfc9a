import Access
public import Domain
import Encoding
public import Gates

extension WebhookEvent {
  /// What an entry of the ledger says that webhooks tell of; nil for what they do not.
  public init?(of entry: LedgerEntry) {
    switch (entry.act, entry.phase) {
    case (.wait, .done): self = .waiting
    case (.wait, .failed): self = .stopped
    case (.approve, .done): self = entry.details["given"] == false ? .declined : .approved
    // A bundle that was made again makes no version.
    case (.sign, .done):
      guard entry.details["version"] != nil else { return nil }
      self = .admitted
    case (.push, .failed), (.inspect, .failed), (.lift, .failed), (.gate, .failed): self = .refused
    case (.rollBack, .done), (.undoRollOut, .done): self = .rolledBack
    case (.holdRollOut, .done): self = .waiting
    case (.rollOut, .done):
      let version = try? VersionReference(parsing: entry.subject).version
      let former = entry.details["from"]?.string.flatMap { try? VersionNumber(parsing: $0) }
      guard let version, let former else {
        self = .rolledOut
        return
      }
      self = version < former ? .rolledBack : .rolledOut
    case (.setAlias, .done), (.removeAlias, .done): self = .aliasMoved
    case (.proposePolicy, .done): self = .policyProposed
    case (.applyPolicy, .done): self = .policyApplied
    case (.withdrawPolicy, .done): self = .policyWithdrawn
    case (.importAdvisories, .done): self = .advisoriesImported
    case (.revokeVersion, .done): self = .versionRevoked
    case (.revokeSealKey, .done), (.revokeKey, .done): self = .keyRevoked
    case (.cosign, .failed): self = .alarm
    default: return nil
    }
  }
}

/// An event as a receiver is told of it: always the same bytes and the same id, however often it is sent, but for who may say
/// yes, which is as it is then.
struct WebhookMessage {
  /// What tells it from every other, of whatever platform.
  let id: String
  /// A CloudEvent 1.0 in JSON.
  let body: [UInt8]

  /// Tells of an entry: the event that the ledger's export has of it, with what it says of which model at hand.
  init(
    _ event: WebhookEvent, of entry: LedgerEntry, at position: Int, of ledger: String, to webhook: String,
    approvers: [Grant.Holder]
  ) {
    id = "\(webhook)-\(position)"
    var members = entry.cloudEvent(at: position, of: ledger).object ?? [:]
    // An extension attribute, by which receivers may route.
    members["gatehouseevent"] = .string(event.rawValue)
    var data = members["data"]?.object ?? [:]
    data["about"] = Self.about(entry, approvers)
    members["data"] = .object(data)
    body = JSON.object(members).canonicalBytes
  }

  private static func about(_ entry: LedgerEntry, _ approvers: [Grant.Holder]) -> JSON {
    var about: [String: JSON] = [:]
    if let model = entry.model { about["model"] = .string(model.description) }
    if let reference = try? VersionReference(parsing: entry.subject) {
      about["version"] = JSON(reference.version.value)
    }
    let changes = entry.details[RegistryChange.detailsMember]?.array ?? []
    about["bundle"] = entry.details["bundle"] ?? changes.lazy.compactMap { $0["release"]?["digest"] }.first
    about["policy"] = entry.details["policy"]
    if !approvers.isEmpty { about["approvers"] = .array(approvers.map { .string($0.description) }) }
    return .object(about)
  }

  /// The message as it is sent at a moment.
  func request(to endpoint: WebhookEndpoint, at now: Timestamp) -> WebhookRequest {
    let seconds = now.milliseconds / 1000
    return WebhookRequest(
      url: endpoint.url,
      fields: [
        ("Content-Type", "application/cloudevents+json"), ("webhook-id", id),
        ("webhook-timestamp", "\(seconds)"),
        ("webhook-signature", endpoint.secret.signature(of: body, id: id, at: seconds)),
      ], body: body)
  }
}
