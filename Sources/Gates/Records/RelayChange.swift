public import Domain
import Encoding

/// One change of whom the platform tells and asks of its own accord.
public enum RelayChange: Equatable, Sendable {
  /// Somebody is told from now on.
  case addWebhook(Webhook)
  /// The webhook with this id is told no more.
  case removeWebhook(String, at: Timestamp)
  /// A witness is asked from now on.
  case addWitness(Witness)
  /// The witness of this name is asked no more.
  case removeWitness(String, at: Timestamp)

  /// When it was made.
  var moment: Timestamp {
    switch self {
    case .addWebhook(let webhook): webhook.since
    case .addWitness(let witness): witness.since
    case .removeWebhook(_, let at), .removeWitness(_, let at): at
    }
  }

  /// What it does to the records.
  var effect: GovernanceChange.Effect {
    switch self {
    case .addWebhook(let webhook):
      .put(GovernanceRecord(kind: .webhook, id: webhook.id, value: webhook.json))
    case .removeWebhook(let id, _): .remove(.webhook, id: id)
    case .addWitness(let witness):
      .put(GovernanceRecord(kind: .witness, id: witness.name, value: witness.json))
    case .removeWitness(let name, _): .remove(.witness, id: name)
    }
  }

  /// The members of the change as an entry of the ledger carries it.
  var members: [String: JSON] {
    switch self {
    case .addWebhook(let webhook): ["change": "add-webhook", "webhook": webhook.json]
    case .removeWebhook(let id, _): ["change": "remove-webhook", "id": .string(id)]
    case .addWitness(let witness): ["change": "add-witness", "witness": witness.json]
    case .removeWitness(let name, _): ["change": "remove-witness", "name": .string(name)]
    }
  }

  /// Reads what `members` writes; nil for a change of another name.
  init?(_ name: String, _ fields: RecordFields, at moment: Timestamp) throws(Problem) {
    switch name {
    case "add-webhook": self = .addWebhook(try Webhook(json: fields.value("webhook")))
    case "remove-webhook": self = .removeWebhook(try fields.text("id"), at: moment)
    case "add-witness": self = .addWitness(try Witness(json: fields.value("witness")))
    case "remove-witness": self = .removeWitness(try fields.text("name"), at: moment)
    default: return nil
    }
  }
}
