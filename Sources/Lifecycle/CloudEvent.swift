public import Domain
public import Encoding

extension LedgerEntry {
  /// The entry as a CloudEvent 1.0 in JSON: its id is its place in the ledger, its source the ledger.
  ///
  /// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
  public func cloudEvent(at position: Int, of ledger: String) -> JSON {
    [
      "specversion": "1.0", "id": .string("\(position)"), "source": .string("//\(ledger)"),
      "type": .string("gatehouse.ledger.\(act.rawValue).\(phase.rawValue)"), "subject": .string(subject),
      "time": .string(time.description), "datacontenttype": "application/json", "data": json,
    ]
  }
}
