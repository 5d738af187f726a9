import { describeChurn } from './churn-suite.ts'

describeChurn({ peers: 12, seconds: 60, checkEvery: 20 })
