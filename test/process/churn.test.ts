import { describeChurn } from './churn-suite.ts'

describeChurn({ peers: 8, seconds: 30, checkEvery: 10 })
