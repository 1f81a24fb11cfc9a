import Glibc
import Monitoring

// Times what watches models: `monitoring-times observe FEATURES ROWS`. What is printed is one line of `name value` a figure.

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "observe" where arguments.count == 4:
  try observe(features: Int(arguments[2]) ?? 4, rows: Int(arguments[3]) ?? 1_000)
default:
  print("usage: monitoring-times observe FEATURES ROWS")
  exit(2)
}
