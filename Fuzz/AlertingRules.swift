import Alerting
import Documents
import Domain
import Encoding
import YAML

/// Reads the input as rules of alerts: it has faults with a place, or terms whose lines are in order for whatever deployment.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAlertRules(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let reading = AlertRulesReading(bytes)
  precondition(reading.faults.count <= 100)
  for fault in reading.faults {
    precondition(fault.place.line >= 1 && fault.place.column >= 1 && fault.excerpt.count == 2)
    precondition(!fault.text(file: "f").utf8.contains { $0 < 0x20 && $0 != 0x0A })
  }
  precondition((reading.rules == nil) == !reading.faults.isEmpty)
  guard let rules = reading.rules else { return 0 }
  for deployment in [nil, try? ModelName(parsing: "fraud-eu"), try? ModelName(parsing: "credit")] {
    for rule in AlertRule.allCases {
      let terms = rules.terms(of: rule, for: deployment)
      precondition(
        terms.begin >= terms.end && terms.end > 0 && terms.holding >= 0 && terms.endAfter >= 0
          && terms.minimum > 0)
    }
    _ = rules.json(for: deployment).canonicalBytes
  }
  return 0
}
