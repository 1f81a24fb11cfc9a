import Glibc
import Monitoring

// Times what watches models, and lets it live through years. What is printed is one line of `name value` a figure.

let arguments = CommandLine.arguments
let numbers = arguments.dropFirst(2).map { Int($0) ?? 0 }
switch arguments.dropFirst().first {
case "observe" where numbers.count == 2: try observe(features: numbers[0], rows: numbers[1])
case "rows" where numbers.count == 2: try observeRows(features: numbers[0], rows: numbers[1])
case "year" where numbers.count == 4:
  try liveThroughYear(
    seed: UInt64(numbers[0].magnitude), trainingRows: numbers[1], features: numbers[2], hours: numbers[3])
case "measure": try measure()
case "memory" where numbers.count == 2: try memory(features: numbers[0], loops: numbers[1])
default:
  print(
    "usage: monitoring-times observe FEATURES ROWS | rows FEATURES ROWS | year SEED TRAINING-ROWS FEATURES HOURS | memory FEATURES LOOPS | measure"
  )
  exit(2)
}
